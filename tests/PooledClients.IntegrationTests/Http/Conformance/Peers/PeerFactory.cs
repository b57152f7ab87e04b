namespace PooledClients.IntegrationTests.Http.Conformance.Peers;

/// <summary>Makes the server's side of one run.</summary>
/// <param name="servers">The servers that all runs share.</param>
internal delegate ValueTask<IPeer> PeerFactory(KestrelServers servers);
