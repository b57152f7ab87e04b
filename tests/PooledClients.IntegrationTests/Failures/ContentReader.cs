using System.Collections.Concurrent;
using System.Diagnostics;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>What a subscriber of the runtime's diagnostics may do with a request, OpenTelemetry's enrichment among them.</summary>
internal sealed class ContentReader(string authority) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
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
