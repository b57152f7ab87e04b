namespace PooledClients.Scenarios.Servers;

/// <summary>What a server process is to offer.</summary>
internal sealed record ServerSettings
{
    public required CertificateFiles Certificate { get; init; }

    /// <summary>Gets the folder in which its databases are made.</summary>
    public required string Folder { get; init; }

    /// <summary>Gets the ports of gRPC over TLS; 0 takes a free one.</summary>
    public int[] GrpcPorts { get; init; } = [0];

    /// <summary>Gets the port of the HTTP API over TLS; 0 takes a free one.</summary>
    public int ApiPort { get; init; }

    /// <summary>Gets the most streams of one HTTP/2 connection; 0 leaves the server's own limit of 100.</summary>
    public int MaxStreams { get; init; }

    /// <summary>Gets whether a client must show a certificate of the authority in this file.</summary>
    public string? ClientCaPath { get; init; }

    /// <summary>Gets how uploads are told to the HTTP API; without it there is no uploads service.</summary>
    public UploadsSettings? Uploads { get; init; }

    /// <summary>Gets how it behaves from the start.</summary>
    public ServerBehaviour Behaviour { get; init; } = new();
}
