namespace PooledClients.Resilience;

/// <summary>What the requests of the last while came to, in tenths of it, of which the oldest falls out. Its owner's lock guards it.</summary>
internal sealed class OutcomeWindow(TimeSpan duration, TimeProvider time)
{
    private const int Parts = 10;

    private readonly (int All, int Failed)[] _parts = new (int All, int Failed)[Parts];
    private readonly long _partLength = Math.Max(1, (long)(duration.TotalSeconds * time.TimestampFrequency / Parts));
    private long _part = time.GetTimestamp();

    public int All { get; private set; }

    public int Failed { get; private set; }

    public void Add(bool failed)
    {
        Turn();
        ref var part = ref _parts[0];
        part.All++;
        All++;
        if (failed)
        {
            part.Failed++;
            Failed++;
        }
    }

    public void Clear()
    {
        Array.Clear(_parts);
        All = Failed = 0;
    }

    private void Turn()
    {
        var passed = (time.GetTimestamp() - _part) / _partLength;
        if (passed <= 0)
        {
            return;
        }

        _part += passed * _partLength;
        for (var i = Math.Min(passed, Parts); i > 0; i--)
        {
            All -= _parts[^1].All;
            Failed -= _parts[^1].Failed;
            Array.Copy(_parts, 0, _parts, 1, Parts - 1);
            _parts[0] = default;
        }
    }
}
