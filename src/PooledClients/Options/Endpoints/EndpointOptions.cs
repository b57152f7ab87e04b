namespace PooledClients;

/// <summary>Whether a client's address stands for several endpoints, how they are found and which of them a call takes.</summary>
public sealed class EndpointOptions
{
    /// <summary>Gets or sets who tells the endpoints of the address.</summary>
    /// <value>
    /// <see cref="EndpointResolver.None"/>: the address is one endpoint, whatever its name resolves to. An address of the scheme
    /// <c>dns</c> is resolved by <see cref="EndpointResolver.Dns"/> without this.
    /// </value>
    public EndpointResolver Resolver { get; set; }

    /// <summary>
    /// Gets the endpoints where <see cref="Resolver"/> is <see cref="EndpointResolver.Static"/>: <c>host:port</c>, or <c>host</c> for the
    /// port of the client's address. Certificates are still verified for the host of the client's address.
    /// </summary>
    public IList<string> Addresses { get; } = [];

    /// <summary>Gets or sets which endpoint a call takes.</summary>
    /// <value><see cref="EndpointPolicy.LeastLoaded"/>.</value>
    public EndpointPolicy Policy { get; set; } = EndpointPolicy.LeastLoaded;

    /// <summary>
    /// Gets or sets how often the endpoints are looked up again while the client is used. A lost connection has them looked up at once,
    /// though never more than once a second. A look-up that fails, or finds nothing, changes nothing.
    /// </summary>
    /// <value>10 seconds.</value>
    public TimeSpan RefreshInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Gets or sets the most endpoints that this process connects to. Of more, each process takes a subset of its own by rendezvous hashing
    /// (gRFC A68), which spreads the clients of a fleet evenly and changes little when endpoints come and go.
    /// </summary>
    /// <value>20.</value>
    public int MaxEndpoints { get; set; } = 20;

    /// <summary>Gets or sets how long a new endpoint takes to get its full share of the calls.</summary>
    /// <value>2 seconds. <see cref="TimeSpan.Zero"/> gives it at once.</value>
    public TimeSpan SlowStart { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Gets or sets the service whose health each endpoint is asked for (<c>Watch</c> of grpc.health.v1, gRFC A17): it takes calls only while it
    /// says that it serves. The empty string asks for the server as a whole. One that does not know the method takes calls. For gRPC clients alone.
    /// </summary>
    /// <value><see langword="null"/>: nobody is asked.</value>
    public string? HealthCheck { get; set; }

    /// <summary>Gets when an endpoint that fails is left out.</summary>
    public EndpointEjectionOptions Ejection { get; } = new();
}
