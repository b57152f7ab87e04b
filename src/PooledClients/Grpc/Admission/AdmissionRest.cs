namespace PooledClients.Grpc.Admission;

/// <summary>The rest between two searches: longer after each that did not pay, and over at once when the load has become another one.</summary>
internal sealed class AdmissionRest
{
    // Load that changed by this much in two windows running is another load.
    private const double Change = 1.6;

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(16);

    private TimeSpan _length = Shortest;
    private TimeSpan _rested;
    private int _changes;

    public bool IsOver => _rested >= _length;

    /// <param name="hasPaid">Whether the search before has moved the limit.</param>
    public void Begin(bool hasPaid)
    {
        _length = hasPaid || _length * 2 < Shortest ? Shortest : _length * 2 > Longest ? Longest : _length * 2;
        _rested = TimeSpan.Zero;
        _changes = 0;
    }

    /// <summary>Has the next rest be a short one.</summary>
    public void Shorten() => _length = Shortest;

    /// <summary>Begins a short one.</summary>
    public void BeginShort()
    {
        _length = Shortest;
        _rested = TimeSpan.Zero;
    }

    /// <summary>Rests for one window more.</summary>
    /// <param name="window">What happened in it.</param>
    /// <param name="usual">The rate of the load so far.</param>
    /// <param name="isTelling">Whether the window's rate tells anything: calls slower than a window come in bursts, and no two windows are alike.</param>
    /// <returns>Whether the load has become another one.</returns>
    public bool Watch(in AdmissionWindow window, double usual, bool isTelling)
    {
        var changed = isTelling && (window.Rate > usual * Change || window.Rate * Change < usual);
        _changes = changed ? _changes + 1 : 0;
        _rested += window.Elapsed;
        if (_changes != 2)
        {
            return false;
        }

        _length = Shortest;
        return true;
    }
}
