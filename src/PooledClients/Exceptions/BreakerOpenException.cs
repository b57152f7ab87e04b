namespace PooledClients;

/// <summary>
/// The breaker of an address is open (<see cref="BreakerOptions"/>), so nothing was sent. It reaches the caller as an inner exception: of the
/// <see cref="HttpRequestException"/>, or of the <c>RpcException</c>'s <c>Status.DebugException</c> with <c>Unavailable</c>.
/// </summary>
public sealed class BreakerOpenException : Exception
{
    internal BreakerOpenException(string address, string when, TimeSpan retryAfter)
        : base($"The breaker of {address} is open {when}: too many of its requests failed. Nothing was sent. (Resilience:Breaker)")
    {
        Address = address;
        RetryAfter = retryAfter;
    }

    /// <summary>Gets the address that is left alone.</summary>
    public string Address { get; }

    /// <summary>Gets how long it is left alone still; zero while a request probes it.</summary>
    public TimeSpan RetryAfter { get; }
}
