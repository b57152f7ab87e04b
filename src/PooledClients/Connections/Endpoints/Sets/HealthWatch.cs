using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using PooledClients.Connections.Endpoints.Http2;

namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>
/// Follows what an endpoint says of a service's health (grpc.health.v1 <c>Watch</c>, gRFC A17): it takes calls while it says that it
/// serves. One that does not know the method is taken to serve.
/// </summary>
internal sealed class HealthWatch(EndpointPool pool, string service, Uri address, Action changed, TimeProvider timeProvider) : IDisposable
{
    // No answer of that service is longer.
    private const int MostBytes = 1024;
    private const int HeaderBytes = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _lock = new();

    // 1 while a watch is under way, the pause after it included.
    private int _isRunning;

    // Both written under _lock: what was said last, and on which connection.
    private volatile bool _isServing;
    private volatile Http2Connection? _saidOn;

    /// <summary>Gets whether it serves, as far as it has said.</summary>
    public bool IsServing => _isServing;

    /// <summary>Gets whether it has said that it does not serve, or does not say it any more. What was said on a connection that is over tells nothing of the next one.</summary>
    public bool IsRefusing => _saidOn is { IsRetired: false } && !_isServing;

    /// <summary>Sees to it that a watch is under way, on a connection that is picked.</summary>
    public void Look()
    {
        if (pool.IsReady && !_disposed.IsCancellationRequested && Interlocked.Exchange(ref _isRunning, 1) == 0)
        {
            _ = Task.Run(RunAsync);
        }
    }

    /// <summary>The last connection is gone: the server of the next one is not taken to serve before it says so.</summary>
    public void Lost()
    {
        lock (_lock)
        {
            _isServing &= _saidOn is { IsRetired: false };
        }
    }

    public void Dispose() => _disposed.Cancel();

    private async Task RunAsync()
    {
        if (pool.TryTake(out var connection))
        {
            await WatchAsync(connection).ConfigureAwait(false);
        }

        Volatile.Write(ref _isRunning, 0);
        if (connection is { IsRetired: true })
        {
            Look();
        }
    }

    private async Task WatchAsync(Http2Connection connection)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token, connection.Retired);
        var hasSaid = false;
        try
        {
            hasSaid = await FollowAsync(connection, stop.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it is, nothing is known of its health any more.
        catch (Exception)
#pragma warning restore CA1031
        {
        }

        // The end of its connection is no word of the server's: what was said stays in force until the next watch, on another one, says otherwise.
        if (!hasSaid && !stop.IsCancellationRequested)
        {
            Say(connection, isServing: false);
            await Task.Delay(Pause, timeProvider, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Whether something was said before it ended: proxies end a stream now and then. It is asked again at once, and what was said stays in force.
    private async Task<bool> FollowAsync(Http2Connection connection, CancellationToken cancellationToken)
    {
        // What is not gRPC's own answer stands for Unimplemented (gRPC over HTTP/2, HTTP to gRPC status codes).
        var status = EndpointProbe.Unimplemented;
        var hasSaid = false;
        using var request = EndpointProbe.CreateRequest(new Uri(address, "/grpc.health.v1.Health/Watch"), Message());
        connection.IsWatched = true;
        try
        {
            using var response = await SendAsync(connection, request, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.NotFound)
            {
                response.EnsureSuccessStatusCode();
                var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
                while (await ReadAsync(body, cancellationToken).ConfigureAwait(false) is { } isServing)
                {
                    hasSaid = true;
                    Say(connection, isServing);
                }

                status = EndpointProbe.StatusOf(response.TrailingHeaders) ?? EndpointProbe.StatusOf(response.Headers);
            }
        }
        finally
        {
            connection.IsWatched = false;
        }

        if (status == EndpointProbe.Unimplemented)
        {
            // One that cannot be asked is taken to serve, for as long as the connection lasts.
            Say(connection, isServing: true);
            await Task.Delay(Timeout.InfiniteTimeSpan, timeProvider, cancellationToken).ConfigureAwait(false);
        }

        return hasSaid;
    }

    private static async Task<HttpResponseMessage> SendAsync(Http2Connection connection, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            connection.Exit();
        }
    }

    // A frame of gRPC's, not compressed, and in it a HealthCheckRequest: the service's name is its field 1.
    private byte[] Message()
    {
        var name = Encoding.UTF8.GetBytes(service);
        var message = new byte[HeaderBytes + (name.Length == 0 ? 0 : 2 + name.Length)];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), message.Length - HeaderBytes);
        if (name.Length > 0)
        {
            (message[HeaderBytes], message[HeaderBytes + 1]) = (0x0A, (byte)name.Length);
            name.CopyTo(message, HeaderBytes + 2);
        }

        return message;
    }

    // A HealthCheckResponse: its field 1 is 1 when the service is served. None when there is no more.
    private static async Task<bool?> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderBytes];
        if (await body.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < HeaderBytes)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1));
        if (length is < 0 or > MostBytes)
        {
            throw new InvalidDataException($"A health check's answer of {length} bytes is none.");
        }

        var message = new byte[length];
        await body.ReadExactlyAsync(message, cancellationToken).ConfigureAwait(false);
        return message is [0x08, 1, ..];
    }

    private void Say(Http2Connection connection, bool isServing)
    {
        lock (_lock)
        {
            if (connection.IsRetired || (_saidOn == connection && _isServing == isServing))
            {
                return;
            }

            // In this order, so that whoever sees the connection sees what was said on it.
            _isServing = isServing;
            _saidOn = connection;
        }

        changed();
    }
}
