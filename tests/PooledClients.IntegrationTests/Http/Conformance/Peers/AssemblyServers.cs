using PooledClients.IntegrationTests.Http.Conformance.Peers;

[assembly: AssemblyFixture(typeof(KestrelServers))]
