using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Grpc.Core;

namespace PooledClients.Grpc;

/// <summary>A client that was added: its name, its type and how its stubs are made. It holds no state of a container.</summary>
internal abstract class GrpcClientRegistration
{
    protected GrpcClientRegistration(Type clientType, string? name)
    {
        ClientType = clientType;
        IsNamed = name is not null;
        Name = name ?? DefaultName(clientType);
    }

    public Type ClientType { get; }

    public string Name { get; }

    /// <summary>Whether the name was given, and so keys the services.</summary>
    public bool IsNamed { get; }

    public abstract bool HasConstructor { get; }

    /// <summary>The methods that <see cref="PooledGrpcClientOptions.Methods"/> may name; empty where they are not known.</summary>
    public abstract IReadOnlySet<string> CallMethods { get; }

    /// <summary>
    /// Makes each unary call of a generated client once, with an empty request, so that the first real one finds its code compiled.
    /// </summary>
    public abstract Task RehearseAsync(CallInvoker invoker);

    public bool IsSameClient(GrpcClientRegistration other) => ClientType == other.ClientType && Name == other.Name && IsNamed == other.IsNamed;

    // A generated client is nested in its service: KeyValue.KeyValueClient.
    private static string DefaultName(Type clientType)
    {
        if (clientType.DeclaringType is { } service && clientType.Name == service.Name + "Client")
        {
            return service.Name;
        }

        var backtick = clientType.Name.IndexOf('`', StringComparison.Ordinal);
        return backtick < 0 ? clientType.Name : clientType.Name[..backtick];
    }
}
