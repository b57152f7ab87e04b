using System.Text.Json;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Processes;

/// <summary>What a child process can be.</summary>
internal static class ChildRoles
{
    public static Task RunAsync(ChildSpec spec, ChildLink link) => spec.Role switch
    {
        ServerRole.Name => ServerRole.RunAsync(spec.Settings.Deserialize<ServerSettings>()!, link),
        RelayRole.Name => RelayRole.RunAsync(spec.Settings.Deserialize<RelaySettings>()!, link),
        LoadRole.Name => LoadRole.RunAsync(spec.Settings.Deserialize<LoadSettings>()!, link),
        _ => throw new ArgumentOutOfRangeException(nameof(spec), spec.Role, "No such role."),
    };
}
