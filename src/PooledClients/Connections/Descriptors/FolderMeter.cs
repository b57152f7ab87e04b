namespace PooledClients.Connections.Descriptors;

/// <summary>
/// Lists the folder of descriptors, which takes one itself and 8 ms for a thousand: so at most once a second, and at most for a
/// fiftieth of the time. When even the listing fails, every descriptor is taken.
/// </summary>
internal sealed class FolderMeter(string folder, TimeProvider timeProvider) : DescriptorMeter
{
    private const int RestPerListing = 50;

    private static readonly TimeSpan LeastRest = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private DescriptorReading _last;
    private long _listedAt;
    private TimeSpan _rest;

    public override string Source => $"listing of {folder}, a second old or more";

    public override DescriptorReading Read()
    {
        lock (_lock)
        {
            if (_last.Sequence == 0 || timeProvider.GetElapsedTime(_listedAt) >= _rest)
            {
                var began = timeProvider.GetTimestamp();
                var limit = Posix.DescriptorLimit();
                _last = new DescriptorReading(Count() ?? limit ?? 0, limit, _last.Sequence + 1);
                _listedAt = timeProvider.GetTimestamp();
                var cost = timeProvider.GetElapsedTime(began, _listedAt) * RestPerListing;
                _rest = cost > LeastRest ? cost : LeastRest;
            }

            return _last;
        }
    }

    private int? Count()
    {
        try
        {
            // The listing's own descriptor is in it, and makes up for one that no listing shows: the runtime's debugger waits in the open
            // of a pipe, whose descriptor is taken but not yet there.
            return Directory.EnumerateFileSystemEntries(folder).Count();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
