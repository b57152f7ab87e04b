namespace PooledClients;

/// <summary>
/// What a single request may say of itself to its pooled client: <c>request.Options.Set(PooledHttpRequestOptions.Deadline, …)</c>.
/// </summary>
public static class PooledHttpRequestOptions
{
    /// <summary>
    /// How long this exchange may take, its body included, in place of <see cref="PooledHttpClientOptions.Deadline"/>.
    /// <see cref="Timeout.InfiniteTimeSpan"/> means no deadline.
    /// </summary>
    public static readonly HttpRequestOptionsKey<TimeSpan> Deadline = new("PooledClients.Deadline");

    /// <summary>
    /// The template of this request's path, such as <c>/users/{id}</c>, under which logs and metrics know it. Without it, segments
    /// that hold a digit or are longer than 32 characters count as values.
    /// </summary>
    public static readonly HttpRequestOptionsKey<string> Route = new("PooledClients.Route");

    /// <summary>
    /// Whether the server may process this request twice without harm, whatever its method says (RFC 9110, 9.2.2): with
    /// <see langword="true"/> a POST with an idempotency key of its own is retried, with <see langword="false"/> a GET is not.
    /// </summary>
    public static readonly HttpRequestOptionsKey<bool> Idempotent = new("PooledClients.Idempotent");
}
