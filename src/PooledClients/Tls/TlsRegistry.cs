using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Files;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Tls;

/// <summary>
/// Owns every CA file and client certificate of the process: each is read once, watched by one timer, and shared by all clients that
/// name it.
/// </summary>
internal sealed class TlsRegistry : IDisposable
{
    // The least time that a look at one file may take before others are looked at without it, and the time between tries to hand on a change.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    private readonly TlsFiles _files;

    // Guards all fields below, and is never held while a file is looked at or a change is handed on.
    private readonly Lock _lock = new();
    private readonly HashSet<WatchedFiles> _changed = [];
    private readonly Dictionary<ContextKey, TlsContext> _contexts = [];
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly TlsMetrics _metrics;
    private readonly CertificateInventory _inventory;
    private readonly ITimer _timer;
    private long _retryAt = long.MaxValue;
    private bool _disposed;

    public TlsRegistry(TimeProvider timeProvider, ILogger<TlsRegistry> logger, TlsMetrics metrics, CertificateInventory inventory)
    {
        _files = new TlsFiles(logger, metrics, inventory);
        _metrics = metrics;
        _inventory = inventory;
        _timeProvider = timeProvider;
        _logger = logger;
        metrics.ObserveReads(() => CaptureFiles().Select(static files => (files.CertificateUse, files.Reads)));
        _timer = timeProvider.CreateUncapturedTimer(static state => ((TlsRegistry)state!).Poll(), this, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many contents of CA files were read, good or bad.</summary>
    public long CaReads => _files.All.OfType<TrustFile>().Sum(static file => file.Reads);

    /// <summary>The context of these options: the same instance for the same content, read at its first use.</summary>
    /// <exception cref="TlsConfigurationException">A file cannot be read or used, or two options exclude each other.</exception>
    public TlsContext GetOrAdd(TlsOptions options)
    {
        TlsOptionsRules.CheckTrust(options);
        TlsOptionsRules.CheckIdentity(options);
        var key = ContextKey.Of(options);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_contexts.TryGetValue(key, out var known))
            {
                Watch(known, options.ReloadInterval);
                return known;
            }
        }

        // The files are kept even when a later one fails: a good CA file is not read again for the next client.
        var (trustFile, fixedTrust) = _files.LoadTrust(options);
        var identityFiles = _files.LoadIdentity(options);
        lock (_lock)
        {
            if (!_contexts.TryGetValue(key, out var context))
            {
                context = new TlsContext(trustFile, fixedTrust, identityFiles, options.RevocationMode, _metrics, _inventory);
                _contexts.Add(key, context);
            }

            Watch(context, options.ReloadInterval);
            return context;
        }
    }

    /// <summary>Reads the files, and tells all that is wrong with them.</summary>
    public IReadOnlyList<TlsConfigurationException> FindErrors(TlsOptions options) => _files.FindErrors(options);

    /// <summary>Why some client still uses what these files held before their last good change; null when none does.</summary>
    public string? FindHandOverFailure(WatchedFiles files)
    {
        lock (_lock)
        {
            return _contexts.Values.Where(context => context.Uses(files)).Select(static context => context.HandOverFailure).FirstOrDefault(static failure => failure is not null);
        }
    }

    /// <summary>What is watched, at this moment.</summary>
    public ImmutableArray<WatchedFiles> CaptureFiles() => _files.All;

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
        }

        _timer.Dispose();
    }

    private void Watch(TlsContext context, TimeSpan interval)
    {
        foreach (var files in _files.All)
        {
            if (context.Uses(files) && (files.Interval == Timeout.InfiniteTimeSpan || interval < files.Interval))
            {
                files.Interval = interval;
                SetDue(files, interval);
            }
        }

        Arm();
    }

    // One look at all that is due, so that a CA and an identity swapped together make one change.
    private void Poll()
    {
        try
        {
            while (TakeDue() is { } files)
            {
                Poll(files);
            }

            HandOn();
        }
        catch (Exception e)
        {
            TlsContext.TrySay(() => _logger.TrustPollFailed(e));
        }
        finally
        {
            lock (_lock)
            {
                Arm();
            }
        }
    }

    private WatchedFiles? TakeDue()
    {
        lock (_lock)
        {
            var now = _timeProvider.GetTimestamp();
            var files = _disposed ? null : _files.All.FirstOrDefault(files => !files.IsPolled && files.NextDue <= now);
            if (files is not null)
            {
                files.IsPolled = true;

                // Should this file's system hang, the next look takes over what is left of this one.
                _timer.Change(Patience, Timeout.InfiniteTimeSpan);
            }

            return files;
        }
    }

    private void Poll(WatchedFiles files)
    {
        (bool IsChanged, TimeSpan Wait) result = (false, files.Interval);
        try
        {
            result = files.Poll();
        }
        catch (Exception e)
        {
            TlsContext.TrySay(() => _logger.TrustPollFailed(e));
        }

        lock (_lock)
        {
            files.IsPolled = false;
            SetDue(files, result.Wait);
            if (result.IsChanged)
            {
                _changed.Add(files);
            }
        }
    }

    private void HandOn()
    {
        TlsContext[] changed;
        TlsContext[] failed = [];
        lock (_lock)
        {
            changed = [.. _contexts.Values.Where(context => _changed.Any(context.Uses))];
            _changed.Clear();
            if (_retryAt <= _timeProvider.GetTimestamp())
            {
                failed = [.. _contexts.Values.Except(changed).Where(static context => context.HandOverFailure is not null)];
            }
        }

        foreach (var context in changed)
        {
            context.RaiseChanged(_logger.TrustCallbackFailed);
        }

        foreach (var context in failed)
        {
            context.RetryFailed();
            if (context.HandOverFailure is null)
            {
                TlsContext.TrySay(_logger.TrustHandedOn);
            }
        }
    }

    private void Arm()
    {
        if (_disposed || _contexts.Count == 0)
        {
            return;
        }

        var now = _timeProvider.GetTimestamp();
        var fails = _contexts.Values.Any(static context => context.HandOverFailure is not null);
        _retryAt = !fails ? long.MaxValue : _retryAt is not long.MaxValue && _retryAt > now ? _retryAt : now + ToTimestamp(RetryInterval);
        var next = _files.All.Where(static files => !files.IsPolled).Select(static files => files.NextDue).Append(_retryAt).Min();
        if (next != long.MaxValue)
        {
            // Rounded up, for a timer counts whole milliseconds and must not come early.
            var wait = Math.Ceiling(_timeProvider.GetElapsedTime(now, next).TotalMilliseconds);
            _timer.Change(TimeSpan.FromMilliseconds(Math.Max(wait, 0)), Timeout.InfiniteTimeSpan);
        }
    }

    private void SetDue(WatchedFiles files, TimeSpan wait) =>
        files.NextDue = _timeProvider.GetTimestamp() + ToTimestamp(wait);

    private long ToTimestamp(TimeSpan time) => (long)(time.TotalSeconds * _timeProvider.TimestampFrequency);
}
