namespace PooledClients.Scenarios.Contenders;

/// <summary>One way to make gRPC calls.</summary>
internal abstract class GrpcContender(string name, string description) : Contender(name, description)
{
    public static DialPerCall DialPerCall { get; } = new();

    public static CachedCertificate CachedCertificate { get; } = new();

    public static SharedChannel SharedChannel { get; } = new();

    public static ClientFactory ClientFactory { get; } = new();

    public static PooledGrpc Pooled { get; } = new();

    public static PooledGrpc PooledWithoutLimit { get; } = new("pooled-no-limit", "this library without a limit on calls in flight", AdmissionMode.Off);

    public static RoundRobinChannel RoundRobin { get; } = new("round-robin", attempts: null);

    public static RoundRobinChannel RoundRobinWithRetries { get; } = new("round-robin-retries", attempts: 5);

    /// <summary>Gets those that every scenario sets side by side.</summary>
    public static IReadOnlyList<GrpcContender> LongLived { get; } = [SharedChannel, ClientFactory, Pooled];

    public static IReadOnlyList<GrpcContender> All { get; } = [DialPerCall, CachedCertificate, .. LongLived, PooledWithoutLimit, RoundRobin, RoundRobinWithRetries];

    public static GrpcContender Find(string name) => All.Single(contender => contender.Name == name);

    /// <summary>Sets the clients up in this process.</summary>
    public abstract GrpcClients Build(GrpcClientSettings settings);

    /// <summary>Sets up the clients of a process that makes HTTP requests too.</summary>
    public virtual (GrpcClients Grpc, HttpClients Http) BuildBoth(GrpcClientSettings grpc, HttpClientSettings http) => (Build(grpc), HttpContender.Beside(this).Build(http));
}
