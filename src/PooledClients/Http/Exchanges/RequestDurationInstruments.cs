using System.Diagnostics.Metrics;

namespace PooledClients.Http.Exchanges;

/// <summary>
/// Knows whether anybody listens to the runtime's <c>http.client.request.duration</c>: a tag for it costs some 300 bytes a request.
/// </summary>
internal sealed class RequestDurationInstruments : IDisposable
{
    private readonly Lock _lock = new();
    private readonly MeterListener _listener = new();
    private Instrument[] _instruments = [];

    /// <param name="meters">Where the handlers of the container measure.</param>
    public RequestDurationInstruments(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument is { Name: "http.client.request.duration", Meter.Name: "System.Net.Http" } && instrument.Meter.Scope == meters)
            {
                Add(instrument);
            }
        };
        _listener.Start();
    }

    /// <summary>Whether a listener is there, or there may be one: the instrument comes with the first request.</summary>
    public bool MayBeEnabled
    {
        get
        {
            var instruments = Volatile.Read(ref _instruments);
            foreach (var instrument in instruments)
            {
                if (instrument.Enabled)
                {
                    return true;
                }
            }

            return instruments.Length == 0;
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument)
    {
        lock (_lock)
        {
            Volatile.Write(ref _instruments, [.. _instruments, instrument]);
        }
    }
}
