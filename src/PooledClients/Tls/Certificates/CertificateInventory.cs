using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;

namespace PooledClients.Tls.Certificates;

/// <summary>The certificates in use: our own, and those of the servers on open connections. It warns, once each, of ends that come near.</summary>
internal sealed class CertificateInventory : IDisposable
{
    // At least so often: the clock may be set.
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);

    private const int MaxWarned = 1000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(CertificateUse Use, string Source, string Thumbprint), Entry> _entries = [];
    private readonly Dictionary<(string Source, string Thumbprint), TimeSpan> _warned = [];
    private long _shown;

    // When the timer looks next; guarded by the lock.
    private DateTimeOffset _nextLook;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly ITimer _timer;

    public CertificateInventory(TimeProvider timeProvider, ILogger<CertificateInventory> logger)
    {
        _timeProvider = timeProvider;
        _logger = logger;
        _nextLook = timeProvider.GetUtcNow() + LongestWait;
        _timer = timeProvider.CreateUncapturedTimer(static state => ((CertificateInventory)state!).WarnAll(), this, LongestWait);
    }

    public ImmutableArray<CertificateInUse> Capture()
    {
        lock (_lock)
        {
            return [.. _entries.Values.Select(static entry => entry.Certificate)];
        }
    }

    /// <summary>
    /// Whether a certificate of the same subject and source that ends later has been shown since this one last was: it was renewed, and is in
    /// use only on connections from before.
    /// </summary>
    public bool WasRenewed(CertificateInUse certificate)
    {
        lock (_lock)
        {
            return _entries.TryGetValue((certificate.Use, certificate.Source, certificate.Thumbprint), out var own)
                && _entries.Values.Any(entry => entry.Shown > own.Shown && entry.Certificate.NotAfter > certificate.NotAfter
                    && (entry.Certificate.Use, entry.Certificate.Source, entry.Certificate.Subject) == (certificate.Use, certificate.Source, certificate.Subject));
        }
    }

    /// <summary>Holds a certificate in the list until the result is disposed.</summary>
    public IDisposable Track(CertificateUse use, string source, X509Certificate2 certificate)
    {
        (CertificateUse, string, string) key = (use, source, certificate.Thumbprint);
        Entry? entry;
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out entry))
            {
                entry = new Entry(CertificateInUse.Of(use, source, certificate));
                _entries.Add(key, entry);
            }

            entry.Uses++;
            entry.Shown = ++_shown;
        }

        Warn(entry.Certificate);
        Arm(entry.Certificate);
        return new Lease(this, entry);
    }

    public void Dispose() => _timer.Dispose();

    private void Release(Entry entry)
    {
        lock (_lock)
        {
            if (--entry.Uses == 0)
            {
                var certificate = entry.Certificate;
                _entries.Remove((certificate.Use, certificate.Source, certificate.Thumbprint));
            }
        }
    }

    private void WarnAll()
    {
        var certificates = Capture();
        try
        {
            foreach (var certificate in certificates)
            {
                Warn(certificate);
            }
        }
        finally
        {
            var now = _timeProvider.GetUtcNow();
            lock (_lock)
            {
                _nextLook = DateTimeOffset.MaxValue;
            }

            var next = now + LongestWait;
            foreach (var certificate in certificates)
            {
                next = certificate.NextThreshold(now) is { } at && at < next ? at : next;
            }

            ArmAt(next);
        }
    }

    // Looks again when the next threshold of this certificate is reached, unless it looks before.
    private void Arm(CertificateInUse certificate)
    {
        if (certificate.NextThreshold(_timeProvider.GetUtcNow()) is { } at)
        {
            ArmAt(at);
        }
    }

    private void ArmAt(DateTimeOffset at)
    {
        lock (_lock)
        {
            if (at >= _nextLook)
            {
                return;
            }

            _nextLook = at;
            var wait = at - _timeProvider.GetUtcNow();
            _timer.Change(wait < ShortestWait ? ShortestWait : wait, Timeout.InfiniteTimeSpan);
        }
    }

    private void Warn(CertificateInUse certificate)
    {
        var now = _timeProvider.GetUtcNow();
        if (certificate.ReachedThreshold(now) is not { } threshold || WasRenewed(certificate))
        {
            return;
        }

        (string, string) key = (certificate.Source, certificate.Thumbprint);
        lock (_lock)
        {
            if (_warned.TryGetValue(key, out var warned) && warned <= threshold)
            {
                return;
            }

            // Bounded: after very many certificates a warning may come again.
            if (_warned.Count >= MaxWarned)
            {
                _warned.Clear();
            }

            _warned[key] = threshold;
        }

        if (threshold == TimeSpan.Zero)
        {
            _logger.CertificateExpired(certificate.Use.ToString(), certificate.Subject, certificate.Thumbprint, certificate.Source, certificate.NotAfter);
        }
        else
        {
            _logger.CertificateExpiresSoon(
                certificate.Use.ToString(),
                certificate.Subject,
                certificate.Thumbprint,
                certificate.Source,
                Describe(certificate.Remaining(now)),
                certificate.NotAfter);
        }
    }

    private static string Describe(TimeSpan remaining) =>
        remaining.TotalDays >= 2 ? $"{(int)remaining.TotalDays} days" : $"{remaining.TotalHours:F1} hours";

    private sealed class Entry(CertificateInUse certificate)
    {
        public CertificateInUse Certificate => certificate;

        public int Uses { get; set; }

        /// <summary>The number of the last time that it was shown, counted over all.</summary>
        public long Shown { get; set; }
    }

    private sealed class Lease(CertificateInventory inventory, Entry entry) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                inventory.Release(entry);
            }
        }
    }
}
