using System.Text.Json;

namespace PooledClients.Scenarios.Processes;

/// <summary>One command of the bench to a child process.</summary>
internal sealed record ChildCommand(string Name, JsonElement Argument)
{
    public T Read<T>() => Argument.Deserialize<T>()!;
}
