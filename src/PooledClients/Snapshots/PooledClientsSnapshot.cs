namespace PooledClients;

/// <summary>What the pooled clients of one container held at one moment. Empty lists where a kind of client is not used.</summary>
public sealed class PooledClientsSnapshot
{
    /// <summary>Gets when it was taken.</summary>
    public required DateTimeOffset CapturedAt { get; init; }

    /// <summary>Gets the descriptors of the process.</summary>
    public required DescriptorSnapshot Descriptors { get; init; }

    /// <summary>Gets the addresses that hold or wait for connections.</summary>
    public IReadOnlyList<ConnectionPoolSnapshot> Pools { get; init; } = [];

    /// <summary>Gets the gRPC channels.</summary>
    public IReadOnlyList<ChannelSnapshot> Channels { get; init; } = [];

    /// <summary>Gets the endpoints of the services that have several.</summary>
    public IReadOnlyList<EndpointSnapshot> Endpoints { get; init; } = [];

    /// <summary>Gets the open connections.</summary>
    public IReadOnlyList<ConnectionSnapshot> Connections { get; init; } = [];

    /// <summary>Gets the HTTP responses whose body is neither read to its end nor disposed.</summary>
    public IReadOnlyList<OpenResponseSnapshot> OpenResponses { get; init; } = [];

    /// <summary>Gets the gRPC streaming calls in flight.</summary>
    public IReadOnlyList<OpenStreamSnapshot> OpenStreams { get; init; } = [];

    /// <summary>Gets the certificates in use: trusted authorities, own identities, and those of servers on open connections.</summary>
    public IReadOnlyList<CertificateSnapshot> Certificates { get; init; } = [];

    /// <summary>Gets the files that certificates were read from, each shared by every client that names it.</summary>
    public IReadOnlyList<CertificateFileSnapshot> CertificateFiles { get; init; } = [];
}
