using System.Diagnostics.Metrics;
using PooledClients.Diagnostics.Instruments;

namespace PooledClients.Diagnostics;

/// <summary>The instruments of HTTP clients, of the meter <c>PooledClients</c>.</summary>
internal sealed class HttpMetrics
{
    private const string ClientTag = "pooledclients.client";

    private readonly Meter _meter;
    private readonly Counter<long> _leaks;
    private readonly Counter<long> _reclaimed;
    private readonly Counter<long> _httpTimeouts;
    private readonly Counter<long> _httpRetries;
    private readonly Counter<long> _httpRetriesRefused;
    private readonly Counter<long> _httpBreakerOpenings;

    public HttpMetrics(IMeterFactory meterFactory)
    {
        _meter = meterFactory.Create("PooledClients");
        _leaks = _meter.CreateCounter<long>("pooledclients.http.responses.leaked", "{response}", "Responses that were dropped without being read to the end or disposed.");
        _reclaimed = _meter.CreateCounter<long>("pooledclients.http.responses.reclaimed", "{response}", "Responses whose connection the library or a collection took back.");
        _httpTimeouts = _meter.CreateCounter<long>("pooledclients.http.timeouts", "{exchange}", "Exchanges that passed their deadline or the idle-read timeout, by the phase they were in.");
        _httpRetries = _meter.CreateCounter<long>("pooledclients.http.retries", "{attempt}", "Requests that were sent again.");
        _httpRetriesRefused = _meter.CreateCounter<long>("pooledclients.http.retries.refused", "{attempt}", "Retries that the authority's budget did not allow.");
        _httpBreakerOpenings = _meter.CreateCounter<long>("pooledclients.http.breaker.openings", "{opening}", "How often an authority was left alone because nearly every request to it failed.");
    }

    public void ObserveResponses(Func<IEnumerable<(string Client, int Open)>> open, Func<TimeSpan> oldestAge)
    {
        _meter.CreateObservableUpDownCounter(
            "pooledclients.http.responses.open",
            () => open().Select(static client => new Measurement<int>(client.Open, Tag(ClientTag, client.Client))),
            "{response}",
            "Responses whose body is neither read to its end nor disposed.");
        _meter.CreateObservableGauge("pooledclients.http.responses.oldest_age", () => oldestAge().TotalSeconds, "s", "The age of the oldest open response.");
    }

    public void ResponsesLeaked(string client, int count)
    {
        if (_leaks.Enabled)
        {
            _leaks.Add(count, Tag(ClientTag, client));
        }
    }

    public void ResponsesReclaimed(string client, int count, string how)
    {
        if (_reclaimed.Enabled)
        {
            _reclaimed.Add(count, Tag(ClientTag, client), Tag("pooledclients.reclaim.reason", how));
        }
    }

    public void HttpTimedOut(string client, string phase, string limit)
    {
        if (_httpTimeouts.Enabled)
        {
            _httpTimeouts.Add(1, Tag(ClientTag, client), Tag("pooledclients.phase", phase), Tag("pooledclients.limit", limit));
        }
    }

    public void HttpRetried(string client, string authority)
    {
        if (_httpRetries.Enabled)
        {
            _httpRetries.Add(1, ServerTags.Of(authority, ClientTag, client));
        }
    }

    public void HttpRetryRefused(string client, string authority)
    {
        if (_httpRetriesRefused.Enabled)
        {
            _httpRetriesRefused.Add(1, ServerTags.Of(authority, ClientTag, client));
        }
    }

    public void HttpBreakerOpened(string client, string authority)
    {
        if (_httpBreakerOpenings.Enabled)
        {
            _httpBreakerOpenings.Add(1, ServerTags.Of(authority, ClientTag, client));
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
