using System.Collections.Concurrent;
using System.Diagnostics;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>What a subscriber of the runtime's diagnostics may do with a request, OpenTelemetry's enrichment among them.</summary>
/// <param name="authority">Whose requests.</param>
/// <param name="look">What is done with a request; its content is read where nothing is named.</param>
internal sealed class ContentReader(string authority, Action<HttpRequestMessage>? look = null) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private readonly ConcurrentBag<IDisposable> _subscriptions = [];
    private int _read;

    public int Read => Volatile.Read(ref _read);

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == "HttpHandlerDiagnosticListener")
        {
            _subscriptions.Add(value.Subscribe(this));
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key.EndsWith("HttpRequestOut.Start", StringComparison.Ordinal)
            && value.Value?.GetType().GetProperty("Request")?.GetValue(value.Value) is HttpRequestMessage { Content: { } content } request
            && request.RequestUri!.Authority == authority)
        {
            if (look is not null)
            {
                look(request);
                return;
            }

            content.LoadIntoBufferAsync().GetAwaiter().GetResult();
            Interlocked.Increment(ref _read);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose()
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Dispose();
        }
    }
}
