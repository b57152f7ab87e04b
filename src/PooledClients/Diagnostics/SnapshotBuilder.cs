namespace PooledClients.Diagnostics;

/// <summary>Collects what the areas tell. Used by one capture, by one thread.</summary>
internal sealed class SnapshotBuilder
{
    /// <summary>Whether each connection is told of, which is most of what a snapshot costs.</summary>
    public bool WithConnections { get; init; } = true;

    public DescriptorSnapshot Descriptors { get; set; } =
        new() { Open = 0, Limit = null, Source = "not measured", Reserved = 0, Connections = 0, Budget = 0 };

    public List<DescriptorKindSnapshot> DescriptorKinds { get; } = [];

    public List<AddressSnapshot> Unreachable { get; } = [];

    public List<MethodSnapshot> Methods { get; } = [];

    public List<ConnectionPoolSnapshot> Pools { get; } = [];

    public List<ChannelSnapshot> Channels { get; } = [];

    public List<EndpointSnapshot> Endpoints { get; } = [];

    public List<BreakerSnapshot> Breakers { get; } = [];

    public List<ConnectionSnapshot> Connections { get; } = [];

    public List<OpenResponseSnapshot> OpenResponses { get; } = [];

    public List<OpenStreamSnapshot> OpenStreams { get; } = [];

    public List<CertificateSnapshot> Certificates { get; } = [];

    public List<CertificateFileSnapshot> CertificateFiles { get; } = [];

    public PooledClientsSnapshot Build(DateTimeOffset capturedAt, IReadOnlyList<EventSnapshot> events)
    {
        var facts = Build(capturedAt, events, []);
        return Build(capturedAt, events, TroubleFinder.Find(facts));
    }

    private PooledClientsSnapshot Build(DateTimeOffset capturedAt, IReadOnlyList<EventSnapshot> events, List<TroubleSnapshot> troubles) => new()
    {
        CapturedAt = capturedAt,
        Troubles = troubles.AsReadOnly(),
        Descriptors = Descriptors,
        DescriptorKinds = DescriptorKinds.AsReadOnly(),
        Unreachable = Unreachable.AsReadOnly(),
        Methods = Methods.AsReadOnly(),
        Pools = Pools.AsReadOnly(),
        Channels = Channels.AsReadOnly(),
        Endpoints = Endpoints.AsReadOnly(),
        Breakers = Breakers.AsReadOnly(),
        Connections = Connections.AsReadOnly(),
        OpenResponses = OpenResponses.AsReadOnly(),
        OpenStreams = OpenStreams.AsReadOnly(),
        Certificates = Certificates.AsReadOnly(),
        CertificateFiles = CertificateFiles.AsReadOnly(),
        Events = events,
    };
}
