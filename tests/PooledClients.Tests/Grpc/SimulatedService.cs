using PooledClients.Grpc.Admission;

namespace PooledClients.Tests.Grpc;

/// <summary>Callers of one kind: how many, how long the server holds their calls, and what one costs the machine when few are in flight.</summary>
public sealed record SimulatedCallers(int Count, double HoldMilliseconds, double CpuMicroseconds = 120);

/// <summary>
/// A machine that serves callers who call again at once, in steps of a millisecond: calls wait for admission in order, are held by
/// the server, and then take processor time, which costs more the more calls are in flight (as measured for HTTP/2 over TLS).
/// </summary>
internal sealed class SimulatedService(AdmissionSearch? search)
{
    private const int TickMilliseconds = 25;
    private const double Processors = 2;

    private readonly Random _random = new(20_11);
    private readonly Queue<SimulatedCallers> _waiting = new();
    private readonly Queue<SimulatedCallers> _ready = new();
    private readonly PriorityQueue<SimulatedCallers, double> _held = new();
    private SimulatedCallers[] _callers = [];
    private long _completed;
    private long _seen;
    private double _owed;

    public int Now { get; private set; }

    public int InFlight => _held.Count + _ready.Count;

    public int Limit => search?.Limit ?? int.MaxValue;

    /// <summary>Gets or sets until when nothing ends: a stall of the server.</summary>
    public int StalledUntil { get; set; }

    /// <summary>Gets or sets whether other work keeps the process from the calls, so that all wait for it.</summary>
    public bool IsStarved { get; set; }

    /// <summary>Runs with these callers (in place of those before, whose calls end) and answers how many calls ended a second.</summary>
    public double Run(int milliseconds, params SimulatedCallers[] callers)
    {
        var before = _completed;
        if (!callers.SequenceEqual(_callers))
        {
            _waiting.Clear();
            _callers = callers;
            var all = callers.SelectMany(c => Enumerable.Repeat(c, c.Count)).ToArray();
            _random.Shuffle(all);
            Array.ForEach(all, _waiting.Enqueue);
        }

        for (var end = Now + milliseconds; Now < end; Now++)
        {
            Step();
        }

        return (_completed - before) * 1000.0 / milliseconds;
    }

    private void Step()
    {
        if (Now >= StalledUntil)
        {
            Serve();
        }

        while (InFlight < Limit && _waiting.TryDequeue(out var caller))
        {
            _held.Enqueue(caller, Now + (caller.HoldMilliseconds * (0.95 + (_random.NextDouble() * 0.1))));
        }

        if (Now % TickMilliseconds == 0)
        {
            // Half of what is ready is the client's to do.
            var atHand = IsStarved ? InFlight : _ready.Count / 2;
            search?.Observe(new AdmissionSample(TimeSpan.FromMilliseconds(TickMilliseconds), _completed - _seen, InFlight, _waiting.Count, atHand));
            _seen = _completed;
        }
    }

    private void Serve()
    {
        while (_held.TryPeek(out _, out var due) && due <= Now)
        {
            _ready.Enqueue(_held.Dequeue());
        }

        var congestion = 1 + (Math.Max(0, InFlight - 100) * 0.0006);
        var noise = 0.9 + (_random.NextDouble() * 0.2);
        _owed = Math.Min(_owed, 0) + (1000 * Processors * noise / congestion);
        while (_owed > 0 && _ready.TryDequeue(out var caller))
        {
            _owed -= caller.CpuMicroseconds;
            _completed++;
            if (Array.IndexOf(_callers, caller) >= 0)
            {
                _waiting.Enqueue(caller);
            }
        }
    }
}
