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

    // 1 while a watch is under way, the pause after it included.
    private int _isRunning;
    private volatile bool _isServing;
    private volatile bool _hasSpoken;
    private volatile bool _isOpen;

    // What the watch is on, and what ends it.
    private volatile Http2Connection? _connection;
    private volatile CancellationTokenSource? _stop;

    /// <summary>Gets whether it serves, as far as it has said.</summary>
    public bool IsServing => _isServing;

    /// <summary>Gets whether it has said that it does not serve, or nothing is known of it any more.</summary>
    public bool IsRefusing => _hasSpoken && !_isServing;

    /// <summary>Gets whether a stream is open for it, which is nobody's call.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Sees to it that a watch is under way, on a connection that is picked.</summary>
    public void Look()
    {
        if (_connection is { IsRetired: true })
        {
            Stop();
        }

        if (pool.IsReady && !_disposed.IsCancellationRequested && Interlocked.Exchange(ref _isRunning, 1) == 0)
        {
            _ = Task.Run(RunAsync);
        }
    }

    public void Dispose()
    {
        _disposed.Cancel();
        Stop();
    }

    private void Stop()
    {
        try
        {
            _stop?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The watch has just ended by itself.
        }
    }

    private async Task RunAsync()
    {
        if (pool.TryTake(out var connection))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token);
            (_stop, _connection) = (stop, connection);
            var isOver = false;
            try
            {
                isOver = await FollowAsync(connection, stop.Token).ConfigureAwait(false);
                if (!isOver)
                {
                    Say(isServing: false);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // What was said stays in force until the next watch, on another connection, says otherwise.
            }
#pragma warning disable CA1031 // Whatever it is, nothing is known of its health any more.
            catch (Exception)
#pragma warning restore CA1031
            {
                Say(isServing: false);
            }

            (_stop, _connection, _isOpen) = (null, null, false);
            if (!stop.IsCancellationRequested && !isOver)
            {
                await Task.Delay(Pause, timeProvider, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        Volatile.Write(ref _isRunning, 0);
    }

    // Whether something was said before it ended: proxies end a stream now and then. It is asked again at once, and what was said stays in force.
    private async Task<bool> FollowAsync(Http2Connection connection, CancellationToken cancellationToken)
    {
        string? status;
        var hasSaid = false;
        using var request = EndpointProbe.CreateRequest(new Uri(address, "/grpc.health.v1.Health/Watch"), Message());
        using (var response = await SendAsync(connection, request, cancellationToken).ConfigureAwait(false))
        {
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                // What is not gRPC's own answer stands for Unimplemented (gRPC over HTTP/2, HTTP to gRPC status codes).
                await ServeForGoodAsync(cancellationToken).ConfigureAwait(false);
            }

            response.EnsureSuccessStatusCode();
            _isOpen = true;
            var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            while (await ReadAsync(body, cancellationToken).ConfigureAwait(false) is { } isServing)
            {
                hasSaid = true;
                Say(isServing);
            }

            status = EndpointProbe.StatusOf(response.TrailingHeaders) ?? EndpointProbe.StatusOf(response.Headers);
            _isOpen = false;
        }

        if (status == EndpointProbe.Unimplemented)
        {
            await ServeForGoodAsync(cancellationToken).ConfigureAwait(false);
        }

        return hasSaid;
    }

    // One that cannot be asked is taken to serve, for as long as the connection lasts.
    private Task ServeForGoodAsync(CancellationToken cancellationToken)
    {
        Say(isServing: true);
        return Task.Delay(Timeout.InfiniteTimeSpan, timeProvider, cancellationToken);
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

    private void Say(bool isServing)
    {
        if (_isServing != isServing || !_hasSpoken)
        {
            (_isServing, _hasSpoken) = (isServing, true);
            changed();
        }
    }
}
