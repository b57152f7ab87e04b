namespace PooledClients.IntegrationTests.Http.Conformance.Peers;

/// <summary>The server's side of a case.</summary>
internal interface IPeer : IAsyncDisposable
{
    /// <summary>Gets where it is; relative addresses are relative to it.</summary>
    Uri Address { get; }

    /// <summary>Waits until nothing more can arrive, for the client is gone, and tells what did.</summary>
    Task<IReadOnlyList<string>> EndAsync();
}
