namespace PooledClients.Diagnostics.Events;

/// <summary>The last events, the newest first: what is left to look at when no log was kept.</summary>
internal sealed class EventLog(TimeProvider timeProvider)
{
    public const int Kept = 200;

    private readonly Lock _lock = new();

    // Guarded by _lock: a ring, of which _next is the place that is written next.
    private readonly EventSnapshot?[] _ring = new EventSnapshot?[Kept];
    private int _next;

    public DateTimeOffset Now => timeProvider.GetUtcNow();

    public void Add(EventSnapshot happened)
    {
        lock (_lock)
        {
            _ring[_next] = happened;
            _next = (_next + 1) % Kept;
        }
    }

    public IReadOnlyList<EventSnapshot> Capture()
    {
        lock (_lock)
        {
            var events = new List<EventSnapshot>(Kept);
            for (var i = 1; i <= Kept && _ring[(_next + Kept - i) % Kept] is { } happened; i++)
            {
                events.Add(happened);
            }

            return events.AsReadOnly();
        }
    }
}
