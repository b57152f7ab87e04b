namespace PooledClients.Diagnostics.Instruments;

/// <summary>The endpoints of a service as of now.</summary>
/// <param name="Service">The address that they belong to.</param>
/// <param name="States">What each is: <c>ready</c>, <c>connecting</c>, <c>ejected</c>, <c>probing</c> or <c>not_serving</c>.</param>
/// <param name="ConsecutiveFailures">How often one was left out for failures in a row.</param>
/// <param name="FailureRatio">How often one was left out for the share of calls that failed.</param>
internal readonly record struct EndpointReading(string Service, IReadOnlyList<string> States, long ConsecutiveFailures, long FailureRatio);
