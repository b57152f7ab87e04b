using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using PooledClients.Grpc.WarmUp;

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

    private object? Key => IsNamed ? Name : null;

    public override void AddServices(IServiceCollection services)
    {
        services.TryAdd(DescribeFactory(ServiceLifetime.Singleton));
        services.TryAdd(DescribeClient(ServiceLifetime.Singleton));
    }

    public override void MakeScoped(IServiceCollection services)
    {
        Replace(services, DescribeFactory(ServiceLifetime.Scoped));
        Replace(services, DescribeClient(ServiceLifetime.Scoped));
    }

    [UnconditionalSuppressMessage("Trimming", "IL2062", Justification = "A message whose constructor was trimmed away is not warmed up; compiled code needs no warm-up.")]
    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "As above.")]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "As above.")]
    public override async Task<int> WarmUpAsync(CallInvoker invoker, Action<byte[]> answerWith, DateTime deadline, CancellationToken cancellationToken)
    {
        if (_constructor is null)
        {
            return 0;
        }

        var made = 0;
        Exception? failure = null;
        var client = Create(invoker);
        foreach (var method in typeof(TClient).GetMethods(BindingFlags.Public | BindingFlags.Instance))
        {
            var parameters = method.GetParameters();
            if (method.ReturnType is { IsGenericType: true } call && call.GetGenericTypeDefinition() == typeof(AsyncUnaryCall<>)
                && parameters is [{ ParameterType: var request }, { ParameterType: var headers }, _, _] && headers == typeof(Metadata)
                && call.GetProperty(nameof(AsyncUnaryCall<>.ResponseAsync)) is { } response && SampleMessage.TryCreate(request) is { } message)
            {
                answerWith((SampleMessage.TryCreate(call.GenericTypeArguments[0]) as IMessage)?.ToByteArray() ?? []);

                // The first compiles, which may take longer than the client's own deadline.
                foreach (var ownDeadline in new DateTime?[] { deadline, null })
                {
                    var ended = (Task)response.GetValue(method.Invoke(client, [message, null, ownDeadline, cancellationToken]))!;
                    await ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    made += ended.IsCompletedSuccessfully ? 1 : 0;
                    failure ??= ended.Exception?.InnerException;
                }
            }
        }

        return made > 0 || failure is null ? made : throw failure;
    }

    // What the application put in its place stays.
    private static void Replace(IServiceCollection services, ServiceDescriptor scoped)
    {
        for (var i = 0; i < services.Count; i++)
        {
            var service = services[i];
            if (service.ServiceType == scoped.ServiceType && Equals(service.ServiceKey, scoped.ServiceKey) && service.Lifetime == ServiceLifetime.Singleton
                && (service.IsKeyedService ? (Delegate?)service.KeyedImplementationFactory : service.ImplementationFactory) is not null)
            {
                services[i] = scoped;
            }
        }
    }

    private ServiceDescriptor DescribeFactory(ServiceLifetime lifetime) => ServiceDescriptor.DescribeKeyed(
        typeof(IPooledGrpcClientFactory<TClient>),
        Key,
        (services, _) => services.GetRequiredService<GrpcChannelPool>() is var pool && lifetime == ServiceLifetime.Scoped && !pool.IsRoot(services)
            ? new PooledGrpcClientFactory<TClient>(pool, this, services)
            : new PooledGrpcClientFactory<TClient>(pool, this, scope: null),
        lifetime);

    private ServiceDescriptor DescribeClient(ServiceLifetime lifetime) => ServiceDescriptor.DescribeKeyed(
        typeof(TClient),
        Key,
        static (services, key) => (key is null
            ? services.GetRequiredService<IPooledGrpcClientFactory<TClient>>()
            : services.GetRequiredKeyedService<IPooledGrpcClientFactory<TClient>>(key)).CreateClient(),
        lifetime);

    public TClient Create(CallInvoker invoker) => _constructor is { } constructor
        ? (TClient)constructor.Invoke(invoker)
        : throw new InvalidOperationException($"{typeof(TClient)} has no public constructor that takes a CallInvoker; say how to make it with ConfigureClient.");
}
