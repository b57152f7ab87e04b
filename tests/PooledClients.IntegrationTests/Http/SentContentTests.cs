using System.Net;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That what is sent behaves as the caller's own content does with the runtime.</summary>
public class SentContentTests : WatchedTest
{
    public static TheoryData<string> Contents => [.. Makers.Keys];

    private static Dictionary<string, Func<Stream, HttpContent>> Makers { get; } = new(StringComparer.Ordinal)
    {
        ["stream"] = stream => new StreamContent(stream),
        ["multipart"] = stream => new MultipartContent { new StreamContent(stream) },
        ["custom"] = stream => new Custom(stream),
    };

    [Theory]
    [MemberData(nameof(Contents))]
    public async Task Send_AnswerComesFirst_WaitsForTheBodyAsPlainDoes(string content)
    {
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                while (true)
                {
                    var request = await connection.ReceiveAsync();
                    await connection.SendAsync(FrameType.Headers, FrameFlags.EndHeaders, request.StreamId, Hpack.Encode([(":status", "200")]));
                    await request.Complete;
                    await connection.SendAsync(FrameType.Data, FrameFlags.EndStream, request.StreamId, []);
                }
            },
            tls: false);
        await using var twins = new HttpTwins(Log, server.Address, "2.0");

        await twins.SameAsync(async client =>
        {
            var source = new GatedStream();
            using var request = twins.Request(HttpMethod.Post, "/");
            request.Content = Makers[content](source);
            var sending = client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            await source.Asked;

            // Long enough for an answer over loopback, which nothing else tells of.
            var first = await Task.WhenAny(sending, Task.Delay(300, TestContext.Current.CancellationToken));
            source.Open();
            using var response = await sending;
            return $"{(first == sending ? "at once" : "when sent")} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}";
        });
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Send_CancelledWithinTheContent_IsSeenAsByPlain(string version)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        await using var twins = new HttpTwins(Log, server.Address, version);

        await twins.SameAsync(async client =>
        {
            using var cancellation = new CancellationTokenSource();
            using var content = new Custom(Stream.Null, cancellation.Cancel);
            using var response = await client.PostAsync("/text", content, cancellation.Token);
            return response.StatusCode.ToString();
        });
    }

    private sealed class Custom(Stream source, Action? onAsked = null) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            onAsked?.Invoke();
            return source.CopyToAsync(stream);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>Gives some bytes, and its end once it is opened.</summary>
    private sealed class GatedStream : MemoryStream
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _reads;

        public Task Asked => _asked.Task;

        public override bool CanSeek => false;

        public void Open() => _gate.SetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_reads++ == 0)
            {
                return 1;
            }

            _asked.TrySetResult();
            await _gate.Task;
            return 0;
        }

        public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
        {
            await destination.WriteAsync(new byte[1], cancellationToken);
            await destination.FlushAsync(cancellationToken);
            _asked.TrySetResult();
            await _gate.Task;
        }
    }
}
