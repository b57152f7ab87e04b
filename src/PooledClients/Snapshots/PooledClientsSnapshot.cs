using System.Text.Json;

namespace PooledClients;

/// <summary>What the pooled clients of one container held at one moment. Empty lists where a kind of client is not used.</summary>
public sealed class PooledClientsSnapshot
{
    /// <summary>The version of this schema: it grows when something that was there changes its meaning or goes, not when something is added.</summary>
    public const int CurrentSchemaVersion = 1;

    /// <summary>Gets the version of the schema.</summary>
    public int SchemaVersion { get; init; } = CurrentSchemaVersion;

    /// <summary>Gets when it was taken.</summary>
    public required DateTimeOffset CapturedAt { get; init; }

    /// <summary>Gets what is wrong, the worst first.</summary>
    public IReadOnlyList<TroubleSnapshot> Troubles { get; init; } = [];

    /// <summary>Gets the descriptors of the process.</summary>
    public required DescriptorSnapshot Descriptors { get; init; }

    /// <summary>Gets the descriptors of the process by kind, the most first.</summary>
    public IReadOnlyList<DescriptorKindSnapshot> DescriptorKinds { get; init; } = [];

    /// <summary>Gets the addresses that cannot be reached.</summary>
    public IReadOnlyList<AddressSnapshot> Unreachable { get; init; } = [];

    /// <summary>Gets the calls of the gRPC clients by method.</summary>
    public IReadOnlyList<MethodSnapshot> Methods { get; init; } = [];

    /// <summary>Gets the addresses that hold or wait for connections.</summary>
    public IReadOnlyList<ConnectionPoolSnapshot> Pools { get; init; } = [];

    /// <summary>Gets the gRPC channels.</summary>
    public IReadOnlyList<ChannelSnapshot> Channels { get; init; } = [];

    /// <summary>Gets the endpoints of the services that have several.</summary>
    public IReadOnlyList<EndpointSnapshot> Endpoints { get; init; } = [];

    /// <summary>Gets the breakers of the addresses that have one.</summary>
    public IReadOnlyList<BreakerSnapshot> Breakers { get; init; } = [];

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

    /// <summary>Gets the last events, at most 200, the newest first.</summary>
    public IReadOnlyList<EventSnapshot> Events { get; init; } = [];

    /// <summary>Writes the snapshot as JSON. It needs no reflection, so it works trimmed and compiled ahead of time.</summary>
    /// <param name="writer">Takes the JSON.</param>
    public void WriteTo(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        JsonSerializer.Serialize(writer, this, PooledClientsJsonContext.Default.PooledClientsSnapshot);
    }

    /// <summary>Gets the snapshot as JSON.</summary>
    /// <returns>A JSON object.</returns>
    public string ToJson() => JsonSerializer.Serialize(this, PooledClientsJsonContext.Default.PooledClientsSnapshot);
}
