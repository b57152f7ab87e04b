using System.Text.Json;

namespace PooledClients.Scenarios.Processes;

/// <summary>The entry of a child process.</summary>
internal static class ChildHost
{
    /// <summary>The first argument that makes this program a child.</summary>
    public const string Argument = "child";

    public static async Task<int> RunAsync(string argument)
    {
        var spec = JsonSerializer.Deserialize<ChildSpec>(argument)!;
        if (spec.DescriptorLimit > 0)
        {
            Native.LimitDescriptors(spec.DescriptorLimit);
        }

        await ChildRoles.RunAsync(spec, new ChildLink());
        return 0;
    }
}
