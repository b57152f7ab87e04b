using System.Text.Json;

namespace PooledClients.Scenarios.Processes;

/// <summary>What a child process is told at its start, in its one argument.</summary>
/// <param name="Role">What it is to be: a name of <see cref="ChildRoles"/>.</param>
/// <param name="DescriptorLimit">The limit of descriptors it gives itself before anything else; 0 leaves it alone.</param>
/// <param name="Settings">What its role needs to know.</param>
internal sealed record ChildSpec(string Role, int DescriptorLimit, JsonElement Settings)
{
    public static ChildSpec Create<T>(string role, T settings, int descriptorLimit = 0) => new ChildSpec(role, descriptorLimit, JsonSerializer.SerializeToElement(settings));
}
