using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using PooledClients.Configuration;
using PooledClients.Connections;
using PooledClients.Grpc;
using PooledClients.Grpc.Calls;
using PooledClients.Grpc.Channels;
using PooledClients.Scopes;

namespace PooledClients.DependencyInjection.Start;

/// <summary>What is wrong with the gRPC clients as the host starts.</summary>
internal sealed class GrpcStartCheck(
    IServiceProvider services,
    IEnumerable<GrpcClientRegistration> clients,
    IOptionsMonitor<PooledGrpcClientOptions> options,
    IOptionsMonitor<GrpcClientSetup> setups,
    ServiceRegistrations registrations)
{
    /// <summary>Gets the clients' names, each once.</summary>
    public IReadOnlyList<string> Names { get; } = [.. clients.Select(static client => client.Name).Distinct(StringComparer.Ordinal)];

    public void CheckNames(StartFailures failures)
    {
        foreach (var shared in clients.GroupBy(static client => client.Name, StringComparer.Ordinal))
        {
            failures.AddIfShared(ConfigurationKeys.Grpc(shared.Key), shared.Key, shared.Select(static client => client.ClientType), "options", "AddPooledGrpcClient");
        }
    }

    /// <returns>The clients whose options are good.</returns>
    public HashSet<string> CheckOptions(StartFailures failures) =>
        Names.Where(client => failures.Try(ConfigurationKeys.Grpc(client), () => options.Get(client))).ToHashSet(StringComparer.Ordinal);

    /// <summary>
    /// What the application put into a client runs now, so that a handler that is not registered fails the start and not the first call. Where that
    /// fails, or the client cannot be made for another reason, each part is tried by itself.
    /// </summary>
    public void CheckParts(HashSet<string> good, StartFailures failures)
    {
        foreach (var client in Names.Where(client => setups.Get(client).HasApplicationParts))
        {
            CheckParts(client, good.Contains(client), failures);
        }
    }

    private void CheckParts(string client, bool isGood, StartFailures failures)
    {
        var key = ConfigurationKeys.Grpc(client);
        if (isGood && failures.Try(key, () => services.GetRequiredService<GrpcChannelPool>().Prepare(client)))
        {
            return;
        }

        var setup = setups.Get(client);
        using var root = new RootServices(ScopeWords.OfGrpc(client), services, registrations);
        using var scope = new ShortScope(services);
        var address = isGood && ServiceAddress.TryParse(options.Get(client).Address, out var parsed, out _) ? parsed : null;
        foreach (var failure in ClientParts.FindFailures(setup, root, setup.IsScoped ? scope.ServiceProvider : root, address))
        {
            failures.Add(key, failure);
        }
    }
}
