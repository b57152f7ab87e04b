using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Threading.Channels;

namespace PooledClients.TestBed.Http2;

/// <summary>
/// The server's end of one connection. Reading goes on by itself and acknowledges SETTINGS and PING; everything else is sent when
/// the script says so, allowed by the protocol or not.
/// </summary>
internal sealed class RawHttp2Connection(int number, Socket socket, Stream stream, ConcurrentQueue<RawRequest> allRequests) : IDisposable
{
    private const int PrefaceLength = 24;
    private const short MaxConcurrentStreams = 3;
    private readonly ConcurrentDictionary<int, RawRequest> _open = new();
    private readonly Channel<RawRequest> _requests = Channel.CreateUnbounded<RawRequest>();
    private readonly SemaphoreSlim _write = new(1);
    private readonly TaskCompletionSource _settingsRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Task> _reading = new();
    private int _pings;

    // Guarded by _write. The first frame of a server has to be its own SETTINGS, which the script may send late.
    private bool _settingsSent;
    private bool _settingsToAcknowledge;

    /// <summary>Gets its place in the order of arrival, from 1.</summary>
    public int Number { get; } = number;

    /// <summary>Gets how many pings have arrived.</summary>
    public int Pings => Volatile.Read(ref _pings);

    /// <summary>Gets or sets whether pings are acknowledged.</summary>
    public bool AnswersPings { get; set; } = true;

    /// <summary>Gets or sets what is done with a ping besides acknowledging it.</summary>
    public Func<Task>? OnPing { get; set; }

    /// <summary>Gets or sets what is told of each request as its headers are read, in the order of the frames.</summary>
    public Action<RawRequest>? OnRequest { get; set; }

    /// <summary>Gets or sets what is told of each stream that the client resets, complete or not, in the order of the frames.</summary>
    public Action<int>? OnReset { get; set; }

    /// <summary>Gets or sets what is told of each request as bytes of its body come.</summary>
    public Action<RawRequest>? OnBytes { get; set; }

    /// <summary>Gets or sets what is waited for before a frame is handled.</summary>
    public Func<Task>? BeforeFrame { get; set; }

    /// <summary>Gets or sets the longest piece that is written at a time.</summary>
    public int LongestWrite { get; set; } = int.MaxValue;

    /// <summary>Gets the end of reading: the client has closed, or the connection was cut.</summary>
    public Task Ended => _reading.Task.Unwrap();

    public void StartReading() => _reading.SetResult(ReadAsync());

    /// <summary>Waits for the next request's headers.</summary>
    public async Task<RawRequest> ReceiveAsync() => await _requests.Reader.ReadAsync();

    /// <summary>Waits for the next request, its body included, and until the client has read the SETTINGS that were sent.</summary>
    public async Task<RawRequest> ReceiveCompleteAsync()
    {
        var request = await ReceiveAsync();
        await request.Complete;
        if (_settingsSent)
        {
            await _settingsRead.Task;
        }

        return request;
    }

    /// <summary>Answers every request to come with an empty message, until the client closes.</summary>
    public async Task ServeAsync()
    {
        await foreach (var request in _requests.Reader.ReadAllAsync())
        {
            _ = AnswerWhenCompleteAsync(request);
        }
    }

    public async Task SendSettingsAsync(int? maxStreams = null)
    {
        await _write.WaitAsync();
        try
        {
            await WriteAsync(FrameType.Settings, FrameFlags.None, 0, maxStreams is { } limit ? Setting(MaxConcurrentStreams, limit) : []);
            _settingsSent = true;
            await AcknowledgeSettingsAsync();
        }
        finally
        {
            _write.Release();
        }
    }

    public Task SendGoAwayAsync(int lastStreamId, ErrorCode code, string debug = "") => SendAsync(
        FrameType.GoAway, FrameFlags.None, 0, [.. Int32(lastStreamId), .. Int32((int)code), .. debug.Select(character => (byte)character)]);

    public Task SendResetAsync(int streamId, ErrorCode code) => SendAsync(FrameType.RstStream, FrameFlags.None, streamId, Int32((int)code));

    /// <summary>Sends one frame, whatever it is.</summary>
    public async Task SendAsync(FrameType type, FrameFlags flags, int streamId, byte[] payload)
    {
        await _write.WaitAsync();
        try
        {
            await WriteAsync(type, flags, streamId, payload);
        }
        finally
        {
            _write.Release();
        }
    }

    /// <summary>Sends a response's first headers, without their end when <paramref name="endHeaders"/> is false.</summary>
    public Task SendHeadersAsync(int streamId, bool endHeaders = true) => SendAsync(
        FrameType.Headers, endHeaders ? FrameFlags.EndHeaders : FrameFlags.None, streamId, Hpack.Encode([(":status", "200"), ("content-type", "application/grpc")]));

    /// <summary>Sends a response's first headers in several frames, with nothing between them.</summary>
    public async Task SendHeadersAsync(int streamId, IReadOnlyList<byte[]> parts)
    {
        await _write.WaitAsync();
        try
        {
            for (var i = 0; i < parts.Count; i++)
            {
                await WriteAsync(i == 0 ? FrameType.Headers : FrameType.Continuation, i == parts.Count - 1 ? FrameFlags.EndHeaders : FrameFlags.None, streamId, parts[i]);
            }
        }
        finally
        {
            _write.Release();
        }
    }

    /// <summary>Sends one gRPC message, an empty one.</summary>
    public Task SendMessageAsync(int streamId) => SendAsync(FrameType.Data, FrameFlags.None, streamId, new byte[5]);

    public Task SendTrailersAsync(int streamId, string status = "0") => SendAsync(
        FrameType.Headers, FrameFlags.EndHeaders | FrameFlags.EndStream, streamId, Hpack.Encode([("grpc-status", status)]));

    /// <summary>Sends an answer that consists of its headers: the call has failed.</summary>
    public Task SendRefusalAsync(int streamId, string status) => SendAsync(
        FrameType.Headers,
        FrameFlags.EndHeaders | FrameFlags.EndStream,
        streamId,
        Hpack.Encode([(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", status)]));

    /// <summary>Lets the client send more of a stream, or of all streams for 0.</summary>
    public Task SendWindowUpdateAsync(int streamId, int bytes) => SendAsync(FrameType.WindowUpdate, FrameFlags.None, streamId, Int32(bytes));

    /// <summary>Sends any frame, a wrong one as well.</summary>
    public Task SendFrameAsync(FrameType type, FrameFlags flags, int streamId, byte[] payload) => SendAsync(type, flags, streamId, payload);

    /// <summary>Sends a whole unary answer: an empty message and status OK.</summary>
    public async Task AnswerAsync(int streamId)
    {
        await SendHeadersAsync(streamId);
        await SendMessageAsync(streamId);
        await SendTrailersAsync(streamId);
    }

    /// <summary>Answers, unless the connection has ended.</summary>
    public Task AnswerQuietlyAsync(int streamId) => SendQuietlyAsync(() => AnswerAsync(streamId));

    /// <summary>Ends the sending half of the socket; reading goes on.</summary>
    public void HalfClose() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends the sending half of the socket within a response's first headers: nothing follows them that would be taken for their rest.</summary>
    public async Task HalfCloseInHeadersAsync(int streamId)
    {
        await _write.WaitAsync();
        try
        {
            await WriteAsync(FrameType.Headers, FrameFlags.None, streamId, Hpack.Encode([(":status", "200"), ("content-type", "application/grpc")]));
            HalfClose();
        }
        finally
        {
            _write.Release();
        }
    }

    /// <summary>Closes the socket, with whatever was in flight.</summary>
    public void Close() => Dispose();

    /// <summary>Cuts the socket with a TCP reset.</summary>
    public void Cut()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        Dispose();
    }

    public void Dispose()
    {
        socket.Dispose();
        stream.Dispose();
    }

    private static byte[] Int32(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Setting(short name, int value) => [(byte)(name >> 8), (byte)name, .. Int32(value)];

    private static async Task SendQuietlyAsync(Func<Task> send)
    {
        try
        {
            await send();
        }
        catch (Exception exception) when (RawHttp2Server.IsEndOfConnection(exception))
        {
        }
    }

    private async Task AnswerWhenCompleteAsync(RawRequest request)
    {
        await request.Complete;
        if (!request.IsReset)
        {
            await AnswerQuietlyAsync(request.StreamId);
        }
    }

    private async Task WriteAsync(FrameType type, FrameFlags flags, int streamId, byte[] payload)
    {
        for (ReadOnlyMemory<byte> bytes = new Frame(type, flags, streamId, payload).ToBytes(); !bytes.IsEmpty;)
        {
            var piece = bytes[..Math.Min(bytes.Length, LongestWrite)];
            await stream.WriteAsync(piece);
            bytes = bytes[piece.Length..];
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            await stream.ReadExactlyAsync(new byte[PrefaceLength]);
            while (true)
            {
                await HandleAsync(await Frame.ReadAsync(stream, CancellationToken.None));
            }
        }
        catch (Exception exception) when (RawHttp2Server.IsEndOfConnection(exception))
        {
        }
        finally
        {
            _requests.Writer.TryComplete();
            _settingsRead.TrySetResult();
            foreach (var request in _open.Values)
            {
                request.Reset();
            }
        }
    }

    private async Task HandleAsync(Frame frame)
    {
        if (BeforeFrame is { } before)
        {
            await before();
        }

        switch (frame.Type)
        {
            case FrameType.Settings when !frame.Has(FrameFlags.Acknowledge):
                await SettingsReceivedAsync();
                break;
            case FrameType.Settings:
                _settingsRead.TrySetResult();
                break;
            case FrameType.Ping when !frame.Has(FrameFlags.Acknowledge):
                Interlocked.Increment(ref _pings);
                if (AnswersPings)
                {
                    await SendAsync(FrameType.Ping, FrameFlags.Acknowledge, 0, frame.Payload);
                }

                if (OnPing is { } onPing)
                {
                    await onPing();
                }

                break;
            case FrameType.Headers:
                var request = new RawRequest(Number, frame.StreamId, Hpack.Decode(frame.Content()));
                _open[frame.StreamId] = request;
                OnRequest?.Invoke(request);
                EndIfLast(frame, request);
                allRequests.Enqueue(request);
                _requests.Writer.TryWrite(request);
                break;
            case FrameType.Data when _open.TryGetValue(frame.StreamId, out var open):
                open.Add(frame.Content().Length);
                if (frame.Content().Length > 0)
                {
                    OnBytes?.Invoke(open);
                }

                EndIfLast(frame, open);
                break;
            case FrameType.RstStream:
                OnReset?.Invoke(frame.StreamId);
                if (_open.TryRemove(frame.StreamId, out var reset))
                {
                    reset.Reset();
                }

                break;
        }
    }

    private async Task SettingsReceivedAsync()
    {
        await _write.WaitAsync();
        try
        {
            _settingsToAcknowledge = true;
            await AcknowledgeSettingsAsync();
        }
        finally
        {
            _write.Release();
        }
    }

    private async Task AcknowledgeSettingsAsync()
    {
        if (_settingsSent && _settingsToAcknowledge)
        {
            _settingsToAcknowledge = false;
            await WriteAsync(FrameType.Settings, FrameFlags.Acknowledge, 0, []);
        }
    }

    private void EndIfLast(Frame frame, RawRequest request)
    {
        if (frame.Has(FrameFlags.EndStream))
        {
            _open.TryRemove(frame.StreamId, out _);
            request.End();
        }
    }
}
