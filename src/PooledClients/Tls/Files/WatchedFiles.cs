using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PooledClients.Tls.Certificates;

namespace PooledClients.Tls.Files;

/// <summary>
/// Files that are read as one unit and watched for a change. They are looked at without opening them; a change is read once it has
/// been still for a moment, and what counts is the content. The last good content stays in use whatever happens to the files.
/// </summary>
/// <remarks>
/// Not thread-safe: it is loaded under a lock of its own, and after that looked at by whoever has set <see cref="IsPolled"/>, which the
/// registry's lock guards, as it does <see cref="Interval"/> and <see cref="NextDue"/>. The counts and the material may be read at any time.
/// </remarks>
internal abstract class WatchedFiles
{
    /// <summary>How long a changed file has to be still before it is read: a slow writer is waited for.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(100);

    private const int MaxAttempts = 5;

    private readonly Lock _loading = new();
    private readonly string[] _paths;
    private volatile bool _isLoaded;
    private FileStamp[] _seen = [];
    private FileStamp[]? _settling;
    private byte[] _readHash = [];
    private byte[] _goodHash = [];
    private string? _unreadable;
    private volatile string? _lastRefusal;
    private long _reads;
    private long _refusals;

    protected WatchedFiles(params string[] paths) => _paths = paths;

    public IReadOnlyList<string> Paths => _paths;

    /// <summary>The shortest interval that any user of these files asked for.</summary>
    public TimeSpan Interval { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>When to look next, as a timestamp of the registry's time provider.</summary>
    public long NextDue { get; set; } = long.MaxValue;

    /// <summary>Whether somebody looks at it.</summary>
    public bool IsPolled { get; set; }

    public bool IsLoaded => _isLoaded;

    /// <summary>How many contents were read, good or bad; reading one content again does not count.</summary>
    public long Reads => Volatile.Read(ref _reads);

    /// <summary>How many changes could not be used, or not be read.</summary>
    public long Refusals => Volatile.Read(ref _refusals);

    /// <summary>Why the last change was not used; null when there was none or it was good.</summary>
    public string? LastRefusal => _lastRefusal;

    /// <summary>What the certificates of these files are used for.</summary>
    public abstract CertificateUse CertificateUse { get; }

    /// <summary>The certificates in use; none before the first load.</summary>
    public abstract IReadOnlyList<X509Certificate2> Certificates { get; }

    /// <summary>Reads the files, unless they were. Whoever needs them waits for the one who reads.</summary>
    /// <exception cref="TlsContentException">A file cannot be read, or the content cannot be used: the next who asks tries again.</exception>
    public void EnsureLoaded()
    {
        lock (_loading)
        {
            if (!_isLoaded)
            {
                Load();
                _isLoaded = true;
            }
        }
    }

    /// <summary>Looks at the files and reads them if they changed and are still.</summary>
    /// <returns>Whether other material is in use now, and how long to wait before looking again.</returns>
    public (bool Changed, TimeSpan Wait) Poll()
    {
        var stamps = Stamps();
        if (stamps.AsSpan().SequenceEqual(_seen))
        {
            _settling = null;
            return (false, Interval);
        }

        if (_settling is null || !stamps.AsSpan().SequenceEqual(_settling))
        {
            _settling = stamps;
            return (false, Settle < Interval ? Settle : Interval);
        }

        _settling = null;
        return (TryReload(), Interval);
    }

    /// <summary>Makes the contents the material in use, or refuses them by <see cref="TlsContentException"/> and changes nothing.</summary>
    protected abstract void Use(byte[][] contents, bool first);

    /// <summary>Says that a change was not used and why; the last good material stays.</summary>
    protected abstract void ReportFailure(string reason);

    /// <summary>Says that the files hold again what is in use.</summary>
    protected abstract void ReportUnchanged();

    private void Load()
    {
        (var stamps, var contents) = ReadAll();
        _readHash = Hash(contents);
        Interlocked.Exchange(ref _reads, 1);
        Use(contents, first: true);
        _goodHash = _readHash;
        _seen = stamps;
    }

    private bool TryReload()
    {
        try
        {
            (var stamps, var contents) = ReadAll();
            _seen = stamps;
            return TryUse(contents);
        }
        catch (Exception exception)
        {
            // What nobody foresaw is tried again as well; its words may quote the content.
            var e = exception as TlsContentException ?? TlsContentException.Unreadable($"it could not be used ({exception.GetType().Name})", 0);
            if (exception != e)
            {
                (_seen, _readHash) = ([], []);
            }

            // What cannot be read is tried again at every look, and told once.
            if (!e.IsUnreadable || e.Message != _unreadable)
            {
                Interlocked.Increment(ref _refusals);
                _lastRefusal = e.Message;
                ReportFailure(e.Message);
            }

            _unreadable = e.IsUnreadable ? e.Message : null;
            return false;
        }
    }

    private bool TryUse(byte[][] contents)
    {
        var hash = Hash(contents);
        var known = hash.AsSpan().SequenceEqual(_readHash);
        var inUse = hash.AsSpan().SequenceEqual(_goodHash);
        if (!known)
        {
            Interlocked.Increment(ref _reads);
            _readHash = hash;
            if (!inUse)
            {
                Use(contents, first: false);
                _goodHash = hash;
            }
        }

        if (inUse && (!known || _unreadable is not null))
        {
            ReportUnchanged();
        }

        _unreadable = null;
        if (!known || inUse)
        {
            _lastRefusal = null;
        }

        return !known && !inUse;
    }

    /// <summary>Reads every file, all of one state: none may change between the first look and the last.</summary>
    private (FileStamp[] Stamps, byte[][] Contents) ReadAll()
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var before = Stamps();
            var contents = new byte[_paths.Length][];
            for (var i = 0; i < _paths.Length; i++)
            {
                contents[i] = Read(i, before[i]);
            }

            if (Stamps().AsSpan().SequenceEqual(before))
            {
                return (before, contents);
            }
        }

        throw TlsContentException.Unreadable("the file keeps changing while it is read; write it whole and rename it into place", 0);
    }

    private byte[] Read(int index, FileStamp stamp)
    {
        if (stamp != FileStamp.Missing && !stamp.IsRegular)
        {
            // Opening a pipe would wait for its writer.
            throw TlsContentException.Unreadable("it is not a regular file; give the path of a file", index);
        }

        try
        {
            return FileContent.Read(_paths[index], FileContent.MaxBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw TlsContentException.Unreadable(e, _paths[index], index);
        }
    }

    private FileStamp[] Stamps() => [.. _paths.Select(FileStamp.Of)];

    private static byte[] Hash(byte[][] contents)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var content in contents)
        {
            // The length first, so that bytes cannot move from one file to the next unseen.
            BinaryPrimitives.WriteInt32LittleEndian(length, content.Length);
            hash.AppendData(length);
            hash.AppendData(content);
        }

        return hash.GetHashAndReset();
    }
}
