using Microsoft.Extensions.Logging;
using PooledClients.Connections.CallSites;
using PooledClients.Diagnostics;
using PooledClients.Http.Exchanges;

namespace PooledClients.Http.Leaks;

/// <summary>Says what becomes of responses that are left open.</summary>
internal sealed class ResponseReports(HttpMetrics metrics, ILogger logger)
{
    public void Leaked(IReadOnlyList<HttpExchange> collected)
    {
        foreach (var leaks in collected.GroupBy(static exchange => (exchange.Owner, exchange.Route, Site(exchange))))
        {
            var (owner, route, site) = leaks.Key;
            var count = leaks.Count();
            metrics.ResponsesLeaked(owner.DisplayName, count);
            metrics.ResponsesReclaimed(owner.DisplayName, count, "collected");
            logger.ResponseLeaked(count, owner.DisplayName, route, site);
        }
    }

    public void Held(IReadOnlyList<HttpExchange> warned)
    {
        foreach (var held in warned.GroupBy(static exchange => (exchange.Owner, exchange.Route, Site(exchange))))
        {
            var (owner, route, site) = held.Key;
            var oldest = held.Max(static exchange => exchange.Age);
            logger.ResponseHeld(held.Count(), owner.DisplayName, route, oldest.TotalSeconds, site);
        }
    }

    public void Aborted(HttpExchange exchange) =>
        logger.HeldResponseAborted(exchange.Owner.DisplayName, exchange.Route, exchange.Age.TotalSeconds, Site(exchange));

    public void Returned(HttpExchange exchange) =>
        logger.HeldResponseReturned(exchange.Owner.DisplayName, exchange.Route, exchange.Age.TotalSeconds);

    private static string Site(HttpExchange exchange) => CallSiteSampler.Describe(exchange.CallSite, exchange.Route, "route");
}
