namespace PooledClients.Connections;

/// <summary>
/// Lists the folder of descriptors, which takes one itself and 8 ms for a thousand: so at most once a second. When even the listing
/// fails, every descriptor is taken.
/// </summary>
internal sealed class FolderMeter(string folder, TimeProvider timeProvider) : DescriptorMeter
{
    private static readonly TimeSpan ListingLifetime = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private DescriptorReading _last;
    private long _listedAt;

    public override string Source => $"listing of {folder}, at most once a second";

    public override DescriptorReading Read()
    {
        lock (_lock)
        {
            if (_last.Sequence == 0 || timeProvider.GetElapsedTime(_listedAt) >= ListingLifetime)
            {
                var limit = Posix.DescriptorLimit();
                _last = new DescriptorReading(Count() ?? limit ?? 0, limit, _last.Sequence + 1);
                _listedAt = timeProvider.GetTimestamp();
            }

            return _last;
        }
    }

    private int? Count()
    {
        try
        {
            // The listing's own descriptor is in the list and gone after it.
            return Directory.EnumerateFileSystemEntries(folder).Count() - 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
