using System.Net;
using System.Net.Sockets;
using PooledClients.Connections.Descriptors;

namespace PooledClients.Connections.Dialing;

/// <summary>
/// Connects a socket to the first of a host's addresses that answers (Happy Eyeballs, RFC 8305): the runtime tries them one after
/// another, and a dead first one stalls it.
/// </summary>
internal static class SocketConnector
{
    // RFC 8305, section 5: the recommended Connection Attempt Delay.
    private static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(250);

    public static async Task<IPAddress[]> ResolveAsync(NameLookup names, string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            return [literal];
        }

        var addresses = await names.GetAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        return addresses.Length == 0 ? throw new SocketException((int)SocketError.HostNotFound) : Interleave(addresses);
    }

    public static async Task<Socket> ConnectAsync(IReadOnlyList<IPAddress> addresses, int port, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        if (addresses.Count == 1)
        {
            return await ConnectOneAsync(new IPEndPoint(addresses[0], port), cancellationToken).ConfigureAwait(false);
        }

        using var losers = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var attempts = new List<Task<Socket>>(addresses.Count);
        Socket? winner = null;
        Exception? failure = null;
        try
        {
            var next = 0;
            while (winner is null)
            {
                if (next < addresses.Count)
                {
                    attempts.Add(ConnectOneAsync(new IPEndPoint(addresses[next++], port), losers.Token));
                }
                else if (attempts.Count == 0)
                {
                    throw failure!;
                }

                // An attempt that fails starts the next one at once; one that hangs starts it after the delay.
                var ended = await FirstAsync(attempts, next < addresses.Count ? AttemptDelay : Timeout.InfiniteTimeSpan, timeProvider, cancellationToken)
                    .ConfigureAwait(false);
                if (ended is null)
                {
                    continue;
                }

                attempts.Remove(ended);
                try
                {
                    winner = await ended.ConfigureAwait(false);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested && !LocalFault.IsOutOfDescriptors(exception))
                {
                    failure ??= exception;
                }
            }

            return winner;
        }
        finally
        {
            await losers.CancelAsync().ConfigureAwait(false);
            foreach (var attempt in attempts)
            {
                // One that connected all the same, at the last moment, is closed.
                _ = attempt.ContinueWith(
                    static ended => ended.Status == TaskStatus.RanToCompletion ? ended.Result : (object?)ended.Exception,
                    CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default).ContinueWith(
                    static ended => (ended.Result as IDisposable)?.Dispose(),
                    CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default);
            }
        }
    }

    /// <summary>Alternates the families, beginning with the one that the resolver put first (RFC 8305, section 4).</summary>
    internal static IPAddress[] Interleave(IPAddress[] addresses)
    {
        var first = addresses.Where(address => address.AddressFamily == addresses[0].AddressFamily).ToArray();
        var other = addresses.Where(address => address.AddressFamily != addresses[0].AddressFamily).ToArray();
        var interleaved = new List<IPAddress>(addresses.Length);
        for (var i = 0; i < Math.Max(first.Length, other.Length); i++)
        {
            interleaved.AddRange(first.Skip(i).Take(1));
            interleaved.AddRange(other.Skip(i).Take(1));
        }

        return [.. interleaved];
    }

    private static async Task<Task<Socket>?> FirstAsync(List<Task<Socket>> attempts, TimeSpan delay, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var wait = Task.Delay(delay, timeProvider, waiting.Token);
        var ended = await Task.WhenAny([.. attempts, wait]).ConfigureAwait(false);
        await waiting.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return ended as Task<Socket>;
    }

    public static async Task<Socket> ConnectOneAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        var socket = endPoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
