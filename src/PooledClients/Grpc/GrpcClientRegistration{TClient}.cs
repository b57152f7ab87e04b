using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
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

    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "A request whose constructor was trimmed away is not rehearsed; compiled code needs no rehearsal.")]
    public override async Task RehearseAsync(CallInvoker invoker)
    {
        if (_constructor is null || !RuntimeFeature.IsDynamicCodeCompiled)
        {
            return;
        }

        var client = Create(invoker);
        foreach (var method in typeof(TClient).GetMethods(BindingFlags.Public | BindingFlags.Instance))
        {
            var parameters = method.GetParameters();
            if (method.ReturnType is { IsGenericType: true } call && call.GetGenericTypeDefinition() == typeof(AsyncUnaryCall<>)
                && parameters is [var request, { ParameterType: var headers }, _, _] && headers == typeof(Metadata)
                && request.ParameterType.GetConstructor(Type.EmptyTypes) is { } constructor)
            {
                var started = method.Invoke(client, [constructor.Invoke(null), null, null, CancellationToken.None]);
                await ((Task)call.GetProperty(nameof(AsyncUnaryCall<>.ResponseAsync))!.GetValue(started)!).ConfigureAwait(false);
            }
        }
    }

    public TClient Create(CallInvoker invoker) => _constructor is { } constructor
        ? (TClient)constructor.Invoke(invoker)
        : throw new InvalidOperationException($"{typeof(TClient)} has no public constructor that takes a CallInvoker; say how to make it with ConfigureClient.");
}
