using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace PooledClients.Diagnostics;

/// <summary>The addresses to which no connect succeeds: since when, why, and when the next one may be made.</summary>
internal sealed class AddressWatch(TimeProvider timeProvider, ILogger<AddressWatch> logger) : ISnapshotSource
{
    // An address stays only while its connects fail, and a bounded number of them.
    private const int MostAddresses = 1000;

    private readonly Lock _lock = new();

    // Changed under _lock; a success, which is nearly always one of an address that is not here, reads it without.
    private readonly ConcurrentDictionary<string, AddressSnapshot> _down = new(StringComparer.Ordinal);

    /// <summary>A connect has failed.</summary>
    /// <param name="address">The address.</param>
    /// <param name="exception">Why.</param>
    /// <param name="pause">How long the next connect has to wait at least.</param>
    public void Failed(string address, Exception exception, TimeSpan pause)
    {
        var reason = AddressText.WithoutUserInfo(exception.Message);
        logger.AddressUnreachable(address, reason);
        var now = timeProvider.GetUtcNow();
        lock (_lock)
        {
            var before = _down.GetValueOrDefault(address);
            if (before is null && _down.Count >= MostAddresses)
            {
                // What was tried last matters most.
                _down.TryRemove(_down.Values.MinBy(static address => address.LastFailureAt)!.Address, out _);
            }

            _down[address] = new AddressSnapshot
            {
                Address = address,
                DownSince = before?.DownSince ?? now,
                Failures = (before?.Failures ?? 0) + 1,
                LastFailureAt = now,
                LastError = reason,
                NextTryAt = now + pause,
            };
        }
    }

    /// <summary>More is known of why the last connect failed: a TLS error surfaces later than its socket closes.</summary>
    public void Explain(string address, Exception exception)
    {
        lock (_lock)
        {
            if (_down.TryGetValue(address, out var before))
            {
                _down[address] = new AddressSnapshot
                {
                    Address = address,
                    DownSince = before.DownSince,
                    Failures = before.Failures,
                    LastFailureAt = before.LastFailureAt,
                    LastError = AddressText.WithoutUserInfo(exception.Message),
                    NextTryAt = before.NextTryAt,
                };
            }
        }
    }

    /// <summary>Nobody wants to connect to it any more.</summary>
    public void Forget(string address)
    {
        if (!_down.IsEmpty)
        {
            _down.TryRemove(address, out _);
        }
    }

    /// <summary>A connect has succeeded.</summary>
    public void Reached(string address)
    {
        if (_down.IsEmpty)
        {
            return;
        }

        AddressSnapshot? before;
        lock (_lock)
        {
            _down.TryRemove(address, out before);
        }

        if (before is not null)
        {
            logger.AddressReachable(address, (timeProvider.GetUtcNow() - before.DownSince).TotalSeconds, before.Failures);
        }
    }

    public void AddTo(SnapshotBuilder snapshot) => snapshot.Unreachable.AddRange(_down.Values.OrderBy(static address => address.DownSince));
}
