using Microsoft.Extensions.Http;
using PooledClients.Configuration;

namespace PooledClients.Http.Handlers;

/// <summary>
/// Runs what the application put into a client, each part by itself, so that one that fails hides no other. What is made is thrown away: it is
/// for a client that cannot be made anyhow.
/// </summary>
internal static class HandlerParts
{
    public static IEnumerable<Exception> FindFailures(string name, HttpClientFactoryOptions options, IServiceProvider services)
    {
        var builder = new ProbeHandlerBuilder(name, services);
        using var client = new HttpClient();
        foreach (var part in options.HttpMessageHandlerBuilderActions.Select<Action<HttpMessageHandlerBuilder>, Action>(configure => () => configure(builder))
            .Concat(options.HttpClientActions.Select<Action<HttpClient>, Action>(configure => () => configure(client))))
        {
            if (StartFailures.Catch(part) is { } failure)
            {
                yield return failure;
            }
        }
    }
}
