using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Registration;

/// <summary>Ten client types, each named and with options of its own, all for one address.</summary>
internal static class TenClients
{
    private static readonly Func<IServiceProvider, KeyValue.KeyValueClient>[] Resolvers =
    [
        Resolve<Client0>("client0"),
        Resolve<Client1>("client1"),
        Resolve<Client2>("client2"),
        Resolve<Client3>("client3"),
        Resolve<Client4>("client4"),
        Resolve<Client5>("client5"),
        Resolve<Client6>("client6"),
        Resolve<Client7>("client7"),
        Resolve<Client8>("client8"),
        Resolve<Client9>("client9"),
    ];

    /// <summary>Adds all ten, trusting the authorities of one file.</summary>
    public static void Add(IServiceCollection services, Uri address, string caPath)
    {
        Add<Client0>("client0");
        Add<Client1>("client1");
        Add<Client2>("client2");
        Add<Client3>("client3");
        Add<Client4>("client4");
        Add<Client5>("client5");
        Add<Client6>("client6");
        Add<Client7>("client7");
        Add<Client8>("client8");
        Add<Client9>("client9");

        void Add<T>(string name)
            where T : class => services.AddPooledGrpcClient<T>(name, options =>
            {
                options.Address = address;
                options.Tls.CaCertificatePath = caPath;
            });
    }

    /// <summary>Resolves the type number <paramref name="number"/> modulo ten.</summary>
    public static KeyValue.KeyValueClient Resolve(IServiceProvider services, int number) => Resolvers[number % Resolvers.Length](services);

    private static Func<IServiceProvider, KeyValue.KeyValueClient> Resolve<T>(string name)
        where T : KeyValue.KeyValueClient => services => services.GetRequiredKeyedService<T>(name);

    public sealed class Client0(CallInvoker invoker) : KeyValue.KeyValueClient(invoker);

    public sealed class Client1(CallInvoker invoker) : KeyValue.KeyValueClient(invoker);

    public sealed class Client2(CallInvoker invoker) : KeyValue.KeyValueClient(invoker);

    public sealed class Client3(CallInvoker invoker) : KeyValue.KeyValueClient(invoker);

    public sealed class Client4(CallInvoker invoker) : KeyValue.KeyValueClient(invoker);

    public sealed class Client5(CallInvoker invoker) : KeyValue.KeyValueClient(invoker);

    public sealed class Client6(CallInvoker invoker) : KeyValue.KeyValueClient(invoker);

    public sealed class Client7(CallInvoker invoker) : KeyValue.KeyValueClient(invoker);

    public sealed class Client8(CallInvoker invoker) : KeyValue.KeyValueClient(invoker);

    public sealed class Client9(CallInvoker invoker) : KeyValue.KeyValueClient(invoker);
}
