using PooledClients.IntegrationTests.Http.Conformance.Peers;
using PooledClients.TestBed.Http2;

namespace PooledClients.IntegrationTests.Http.Conformance.Frames;

/// <summary>The frames of one answer, on the stream of its request.</summary>
internal sealed class FrameAnswer(RawHttp2Connection connection, RawRequest request)
{
    private const int LongestFrame = 16 * 1024;

    /// <summary>Has the first request answered so, and the rest with 200 and a body.</summary>
    public static PeerFactory First(Func<FrameAnswer, Task> answer) => servers =>
    {
        var isFirst = true;
        return Http2Peer.Answers(async (connection, request) =>
        {
            var frames = new FrameAnswer(connection, request);
            if (isFirst)
            {
                isFirst = false;
                await answer(frames);
                return;
            }

            await frames.HeadersAsync(end: false);
            await frames.DataAsync("after", end: true);
        })(servers);
    };

    public Task HeadersAsync(bool end, params (string Name, string Value)[] headers) => StatusAsync("200", end, headers);

    public Task StatusAsync(string status, bool end, params (string Name, string Value)[] headers) => SendHeadersAsync(end, [(":status", status), .. headers]);

    public Task TrailersAsync(params (string Name, string Value)[] trailers) => SendHeadersAsync(end: true, trailers);

    public Task SendHeadersAsync(bool end, params (string Name, string Value)[] headers)
        => SendAsync(FrameType.Headers, FrameFlags.EndHeaders | (end ? FrameFlags.EndStream : FrameFlags.None), Hpack.Encode(headers));

    /// <summary>Sends headers of so many kilobytes, in as many frames as they need.</summary>
    public async Task LongHeadersAsync(int kilobytes)
    {
        var block = Hpack.Encode([(":status", "200"), ("x-long", new string('x', kilobytes * 1024))]);
        await SendAsync(FrameType.Headers, FrameFlags.EndStream, block[..LongestFrame]);
        for (var sent = LongestFrame; sent < block.Length; sent += LongestFrame)
        {
            var end = Math.Min(block.Length, sent + LongestFrame);
            await SendAsync(FrameType.Continuation, end == block.Length ? FrameFlags.EndHeaders : FrameFlags.None, block[sent..end]);
        }
    }

    public Task DataAsync(string text, bool end)
        => SendAsync(FrameType.Data, end ? FrameFlags.EndStream : FrameFlags.None, System.Text.Encoding.ASCII.GetBytes(text));

    public Task ResetAsync(ErrorCode code) => connection.SendResetAsync(request.StreamId, code);

    public Task GoAwayAsync(ErrorCode code) => connection.SendGoAwayAsync(request.StreamId, code);

    // A reset may be heard as an end, and an end always is one.
    public Task Cut()
    {
        connection.HalfClose();
        return Task.CompletedTask;
    }

    public Task SendAsync(FrameType type, FrameFlags flags, byte[] payload) => connection.SendAsync(type, flags, request.StreamId, payload);
}
