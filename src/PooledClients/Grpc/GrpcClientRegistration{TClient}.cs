using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Grpc.Core;

namespace PooledClients.Grpc;

/// <inheritdoc/>
internal sealed class GrpcClientRegistration<[DynamicallyAccessedMembers(ClientActivator.NeededMembers)] TClient>(string? name)
    : GrpcClientRegistration(typeof(TClient), name)
    where TClient : class
{
    private readonly ConstructorInvoker? _constructor = ClientActivator.FindConstructor(typeof(TClient));
    private IReadOnlySet<string>? _callMethods;

    public override bool HasConstructor => _constructor is not null;

    public override IReadOnlySet<string> CallMethods => _callMethods ??= ClientActivator.FindCallMethods(typeof(TClient));

    public TClient Create(CallInvoker invoker) => _constructor is { } constructor
        ? (TClient)constructor.Invoke(invoker)
        : throw new InvalidOperationException($"{typeof(TClient)} has no public constructor that takes a CallInvoker; say how to make it with ConfigureClient.");
}
