namespace PooledClients.Scenarios.Contenders;

/// <summary>One way to make HTTP requests.</summary>
internal abstract class HttpContender(string name, string description) : Contender(name, description)
{
    public static UndisposedResponse UndisposedResponse { get; } = new();

    public static SharedHttpClient SharedHttpClient { get; } = new();

    public static HttpClientFactory HttpClientFactory { get; } = new();

    public static ResilienceHandler ResilienceHandler { get; } = new();

    public static PooledHttp Pooled { get; } = new();

    /// <summary>Gets those that every scenario sets side by side.</summary>
    public static IReadOnlyList<HttpContender> LongLived { get; } = [SharedHttpClient, HttpClientFactory, ResilienceHandler, Pooled];

    public static IReadOnlyList<HttpContender> All { get; } = [UndisposedResponse, .. LongLived];

    public static HttpContender Find(string name) => All.Single(contender => contender.Name == name);

    /// <summary>Finds what goes beside a way of making gRPC calls in one process.</summary>
    public static HttpContender Beside(GrpcContender contender) => contender is ClientFactory ? HttpClientFactory : SharedHttpClient;

    /// <summary>Sets the client up in this process.</summary>
    public abstract HttpClients Build(HttpClientSettings settings);
}
