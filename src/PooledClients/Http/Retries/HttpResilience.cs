using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using PooledClients.Connections;
using PooledClients.Connections.Endpoints;
using PooledClients.Diagnostics;
using PooledClients.Resilience;

namespace PooledClients.Http.Retries;

/// <summary>
/// Tries idempotent requests again, and leaves an authority alone that only fails. A request that is answered well at once does not come here:
/// who sends it asks <see cref="Begin"/> before, and tells the authority after.
/// </summary>
internal sealed class HttpResilience
{
    // A crawler's authorities must not add up for ever; those past the bound are sent to as they come.
    private const int MostAuthorities = 1000;

    private readonly ConcurrentDictionary<(string Scheme, string Host, int Port), HttpAuthorityResilience> _authorities = new();
    private readonly LastAddress<HttpAuthorityResilience> _last = new();
    private readonly string _client;
    private readonly HttpResilienceOptions _options;
    private readonly AddressPolicies _shared;
    private readonly TimeProvider _time;
    private readonly HttpMetrics _metrics;
    private readonly ILogger _logger;
    private readonly IdleSweep? _sweep;

    // All of the client's requests go there, whatever they name; none where they go by what they name.
    private readonly ServiceAddress? _socket;

    public HttpResilience(
        string client,
        HttpResilienceOptions options,
        AddressPolicies shared,
        TimeProvider time,
        HttpMetrics metrics,
        ILogger logger,
        IdleSweep? sweep = null,
        ServiceAddress? socket = null)
    {
        _socket = socket;
        _sweep = sweep;
        sweep?.Add(ForgetUnused);
        _client = client;
        _options = options;
        _shared = shared;
        _time = time;
        _metrics = metrics;
        _logger = logger;
    }

    /// <summary>Finds what is known of the request's authority and counts the request, until its <see cref="HttpAuthorityResilience.End"/>.</summary>
    /// <returns>Nothing where there is no authority, or too many are known.</returns>
    public HttpAuthorityResilience? Begin(Uri? uri)
    {
        if (uri is not { IsAbsoluteUri: true })
        {
            return null;
        }

        var host = uri.Host;
        if (_last.Get(uri, host) is { } last && last.TryBegin())
        {
            return last;
        }

        var key = (uri.Scheme, host, uri.Port);
        while (true)
        {
            if (!_authorities.TryGetValue(key, out var authority))
            {
                if (_authorities.Count >= MostAuthorities)
                {
                    return null;
                }

                var made = Create(uri);
                authority = _authorities.GetOrAdd(key, made);
                if (authority != made)
                {
                    made.Drop();
                }

                _sweep?.Wake();
            }

            if (authority.TryBegin())
            {
                _last.Set(uri, host, authority);
                return authority;
            }

            // It is being forgotten.
            _authorities.TryRemove(new(key, authority));
        }
    }

    /// <summary>Makes the attempts after the first, or all of them where the breaker is not closed, and ends the request at its authority.</summary>
    /// <param name="authority">What <see cref="Begin"/> found.</param>
    /// <param name="first">How the first attempt went; none where none was made.</param>
    /// <param name="sent">The request as it was sent first.</param>
    /// <param name="call">What it is sent for.</param>
    /// <param name="send">Makes an attempt. Where it is made synchronously it has ended on return, and pauses block this thread, which is the caller's.</param>
    /// <param name="isAsync">Whether the caller awaits it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<HttpResponseMessage> GoOnAsync(
        HttpAuthorityResilience authority,
        HttpAttempt? first,
        SentRequest sent,
        IHttpCall call,
        Func<HttpRequestMessage, bool, CancellationToken, Task<HttpResponseMessage>> send,
        bool isAsync,
        CancellationToken cancellationToken)
    {
        var request = sent.Message;
        var outcome = RequestOutcome.Ignored;
        try
        {
            for (var retries = 0; ; retries++)
            {
                var (response, failure) = first ?? await TryAsync(authority, request, call, send, isAsync, cancellationToken).ConfigureAwait(false);
                first = null;
                outcome = HttpFaults.JudgeForBreaker(response, failure, call);
                authority.Breaker?.Report(outcome);
                if (cancellationToken.IsCancellationRequested || !authority.TryRetry(sent, retries, response, failure, call, out var pause))
                {
                    if (failure is not null)
                    {
                        ExceptionDispatchInfo.Throw(failure);
                    }

                    return response!;
                }

                response?.Dispose();
                sent.Restore();
                call.BackOff();
                await PauseAsync(pause, isAsync, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            authority.End(outcome == RequestOutcome.Failed);
        }
    }

    private static async Task<HttpAttempt> TryAsync(
        HttpAuthorityResilience authority,
        HttpRequestMessage request,
        IHttpCall call,
        Func<HttpRequestMessage, bool, CancellationToken, Task<HttpResponseMessage>> send,
        bool isAsync,
        CancellationToken cancellationToken)
    {
        try
        {
            return new(
                authority.Breaker is { IsClosed: false } breaker
                    ? await breaker.ProbeAsync(
                        () => send(request, isAsync, cancellationToken),
                        response => HttpFaults.JudgeForBreaker(response, failure: null, call, isProbe: true),
                        failure => HttpFaults.JudgeForBreaker(response: null, failure, call, isProbe: true)).ConfigureAwait(false)
                    : await send(request, isAsync, cancellationToken).ConfigureAwait(false),
                Failure: null);
        }
#pragma warning disable CA1031 // Judged, and thrown on unless it is tried again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return new(Response: null, exception is BreakerOpenException open ? LeftAlone(authority, open) : exception);
        }
    }

    private async ValueTask PauseAsync(TimeSpan pause, bool isAsync, CancellationToken cancellationToken)
    {
        if (isAsync)
        {
            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
        }
        else if (cancellationToken.WaitHandle.WaitOne(pause))
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private static HttpRequestException LeftAlone(HttpAuthorityResilience authority, BreakerOpenException exception) => new(
        $"{authority.Name} is left alone{Until(exception)}, because nearly every request to it failed (Resilience:{nameof(HttpResilienceOptions.Breaker)}).",
        exception);

    private static string Until(BreakerOpenException exception)
        => exception.RetryAfter is var time && time > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $" for another {time.TotalSeconds:0.###} s") : "";

    private bool ForgetUnused()
    {
        foreach (var entry in _authorities)
        {
            if (entry.Value.TryForget())
            {
                _authorities.TryRemove(entry);
            }
        }

        return !_authorities.IsEmpty;
    }

    private HttpAuthorityResilience Create(Uri uri) => new(_client, uri, _socket, _options, _shared, _time, _metrics, _logger);
}
