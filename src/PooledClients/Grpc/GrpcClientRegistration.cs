using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

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

    /// <summary>Adds the stub and its factory, unless the application has its own.</summary>
    public abstract void AddServices(IServiceCollection services);

    /// <summary>Gives each scope its own stub and factory.</summary>
    public abstract void MakeScoped(IServiceCollection services);

    /// <summary>Makes each unary call of a generated client twice, with the deadline of its options and with one of its own.</summary>
    /// <param name="invoker">Where the calls go.</param>
    /// <param name="answerWith">Is told the message that the next call is to be answered with.</param>
    /// <param name="deadline">The deadline of those calls that carry one of their own.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How many calls were made; none of a client that was not generated.</returns>
    public abstract Task<int> WarmUpAsync(CallInvoker invoker, Action<byte[]> answerWith, DateTime deadline, CancellationToken cancellationToken);

    public bool IsSameClient(GrpcClientRegistration other) => ClientType == other.ClientType && Name == other.Name && IsNamed == other.IsNamed;

    // A generated client is nested in its service: KeyValue.KeyValueClient.
    public static string DefaultName(Type clientType)
    {
        if (clientType.DeclaringType is { } service && clientType.Name == service.Name + "Client")
        {
            return service.Name;
        }

        var backtick = clientType.Name.IndexOf('`', StringComparison.Ordinal);
        return backtick < 0 ? clientType.Name : clientType.Name[..backtick];
    }
}
