using System.Diagnostics;
using System.Text.Json;
using PooledClients.Scenarios.Processes;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Bench;

/// <summary>The server in a process of its own, which can be killed or stopped and started again on the same ports.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly int _descriptorLimit;
    private ServerSettings _settings;
    private ServerCounts _before = new(0, 0, 0, 0, 0, 0, 0, 0, 0);

    private ServerProcess(ServerSettings settings, int descriptorLimit, ChildProcess child, ServerAddresses addresses)
    {
        _settings = settings;
        _descriptorLimit = descriptorLimit;
        Child = child;
        Addresses = addresses;
    }

    public ChildProcess Child { get; private set; }

    public ServerAddresses Addresses { get; }

    public static async Task<ServerProcess> StartAsync(ServerSettings settings, int descriptorLimit = 0, IReadOnlyDictionary<string, string>? environment = null)
    {
        (var child, var ready) = await ChildProcess.StartAsync(ChildSpec.Create(ServerRole.Name, settings, descriptorLimit), environment);
        var addresses = ready.Deserialize<ServerAddresses>()!;
        var again = settings with { GrpcPorts = [.. addresses.Grpc.Select(ServerAddresses.Port)], ApiPort = ServerAddresses.Port(addresses.Api) };
        return new ServerProcess(again, descriptorLimit, child, addresses);
    }

    /// <summary>Starts the server anew on its ports, and tells when it was listening, on the machine's monotonic clock.</summary>
    public async Task<long> RestartAsync()
    {
        await Child.DisposeAsync();
        (Child, _) = await ChildProcess.StartAsync(ChildSpec.Create(ServerRole.Name, _settings, _descriptorLimit));
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Ends the server without a word to its clients.</summary>
    public async Task KillAsync()
    {
        _before = await CountsAsync();
        await Child.KillAsync();
    }

    /// <summary>Ends the server gracefully: calls in flight finish.</summary>
    public async Task StopAsync()
    {
        await Child.AskAsync(ServerRole.Stop);
        _before = await CountsAsync();
    }

    public async Task BehaveAsync(ServerBehaviour behaviour)
    {
        await Child.AskAsync(ServerRole.Behave, behaviour);
        _settings = _settings with { Behaviour = behaviour };
    }

    /// <summary>Reads what the server has counted since its first start.</summary>
    public async Task<ServerCounts> CountsAsync()
    {
        var now = (await Child.AskAsync(ServerRole.Counts)).Deserialize<ServerCounts>()!;
        return now with
        {
            GrpcConnections = now.GrpcConnections + _before.GrpcConnections,
            GrpcHandshakes = now.GrpcHandshakes + _before.GrpcHandshakes,
            ApiConnections = now.ApiConnections + _before.ApiConnections,
            ApiHandshakes = now.ApiHandshakes + _before.ApiHandshakes,
            Requests = now.Requests + _before.Requests,
            WritesTwice = now.WritesTwice + _before.WritesTwice,
        };
    }

    public ValueTask DisposeAsync() => Child.DisposeAsync();
}
