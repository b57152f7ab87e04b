namespace PooledClients.Tests;

/// <summary>Rooms stand on those below them. What a file names is what it stands on, so the names are what is checked.</summary>
public sealed class RoomOrderTests
{
    // Lowest first: a room may use those before it. A room within another is a room of its own.
    private static readonly string[] Rooms =
    [
        "Platform", "Options/Endpoints", "Options/Resilience", "Options", "Snapshots/Certificates", "Snapshots/Addresses", "Snapshots", "", "Exceptions", "Diagnostics/Events", "Diagnostics/Instruments", "Diagnostics", "Tls/Files", "Tls/Certificates",
        "Tls/Handshakes", "Tls", "Configuration", "Scopes", "Connections/Descriptors", "Connections/Budget/Leases", "Connections/Budget", "Connections/CallSites", "Connections/Telemetry", "Connections/Wire/Frames", "Connections/Wire", "Connections/Dialing",
        "Connections/Endpoints/Resolving", "Connections/Endpoints/Picking", "Connections/Endpoints", "Connections/Endpoints/Http2", "Connections/Endpoints/Sets", "Connections",
        "Resilience", "Grpc/Telemetry", "Grpc/Telemetry/Sizes", "Grpc/Deadlines", "Grpc/Statuses", "Grpc/Messages", "Grpc/Streams", "Grpc/Admission", "Grpc/Retries", "Grpc/Sending",
        "Grpc/ServiceConfigs", "Grpc/Balancing", "Grpc/Methods", "Grpc/WarmUp", "Grpc/Calls", "Grpc/Channels", "Grpc", "Http/Routes", "Http/Retries", "Http/Exchanges/Timing",
        "Http/Exchanges", "Http/Exchanges/Bodies", "Http/Leaks", "Http/Balancing", "Http/Handlers", "Http", "DependencyInjection/Start", "DependencyInjection",
    ];

    [Fact]
    public void Names_InEachRoom_PointDown()
    {
        var files = SourceFile.ReadAll(Path.Combine(Repository.Root, "src", "PooledClients"));
        var arrows = files
            .SelectMany(file => file.Names(files).Select(named => (file, named)))
            .Where(static pair => Array.IndexOf(Rooms, pair.named.Room) > Array.IndexOf(Rooms, pair.file.Room))
            .Select(static pair => $"{pair.file.Path} -> {pair.named.Path}")
            .Order(StringComparer.Ordinal)
            .ToArray();

        Assert.True(files.Count > 200, "The source files were not found.");
        Assert.Empty(files.Select(static file => file.Room).Distinct().Except(Rooms));
        Assert.Empty(arrows);
    }
}
