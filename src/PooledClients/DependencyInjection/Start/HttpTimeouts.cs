using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Diagnostics;
using PooledClients.Http;
using PooledClients.Scopes;

namespace PooledClients.DependencyInjection.Start;

/// <summary>Says at start where the application sets an <see cref="HttpClient.Timeout"/> that the client's deadline comes before.</summary>
internal static class HttpTimeouts
{
    // Nobody sets it by chance.
    private static readonly TimeSpan NotSet = TimeSpan.FromTicks(7_654_321);

    public static void Report(IServiceProvider services, IEnumerable<string> clients, ILogger logger)
    {
        var factoryOptions = services.GetRequiredService<IOptionsMonitor<HttpClientFactoryOptions>>();
        var options = services.GetRequiredService<IOptionsMonitor<PooledHttpClientOptions>>();
        var setups = services.GetRequiredService<IOptionsMonitor<HttpClientSetup>>();
        var states = services.GetRequiredService<HttpClients>();
        using var scope = new ShortScope(services);
        foreach (var name in clients)
        {
            // A resilience handler lifts the timeout, for it has one of its own, and nobody meant to go past the deadline.
            // The library's own actions are the first, which lifts the timeout, and the last, which notes it.
            var actions = setups.Get(name).IsScoped
                ? ScopedHttpClients.OptionsOf(scope.ServiceProvider, name).HttpClientActions.Skip(1).ToArray()
                : [.. factoryOptions.Get(name).HttpClientActions.Skip(1).SkipLast(1)];
            if (options.Get(name).Deadline is { } deadline && deadline != Timeout.InfiniteTimeSpan && actions.Length > 0
                && Read(actions) is { } timeout && (timeout == Timeout.InfiniteTimeSpan ? states.Find(name) is not { HasTimeoutLifted: true } : timeout > deadline))
            {
                var client = name.Length == 0 ? "Default" : name;
                logger.TimeoutAboveDeadline(client, timeout == Timeout.InfiniteTimeSpan ? "infinite" : timeout.ToString("c", CultureInfo.InvariantCulture), deadline);
            }
        }
    }

    private static TimeSpan? Read(IEnumerable<Action<HttpClient>> actions)
    {
        using var client = new HttpClient { Timeout = NotSet };
        foreach (var action in actions)
        {
            action(client);
        }

        return client.Timeout == NotSet ? null : client.Timeout;
    }
}
