using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Logs;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That many callers over HTTP/2 have what arrives handed on a few responses at a time, as many gRPC calls have.</summary>
public class ReadPaceTests : WatchedTest
{
    private const int Callers = 400;
    private const int FewResponses = 2048;

    [Fact]
    public async Task Get_FromManyCallers_ReadsAFewResponsesAtATime()
    {
        await using var server = await new HttpApi().StartAsync(HttpVersion.Version20);
        var pooled = new ConcurrentQueue<int>();
        var plain = new ConcurrentQueue<int>();
        await using var http = new HttpFixture(
            Log, HttpVersion.Version20, server.Address, build: builder => builder.ConfigurePooledHandler(handler => Record(handler, pooled)));
        using var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true };
        Record(handler, plain);
        using var client = new HttpClient(handler)
        {
            BaseAddress = server.Address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        await LoadAsync(http.Client);
        await LoadAsync(client);

        Assert.True(ShareOfFew(pooled) > 0.5, $"pooled {ShareOfFew(pooled):0.00} of {pooled.Count}, plain {ShareOfFew(plain):0.00} of {plain.Count}");
        Assert.True(ShareOfFew(plain) < 0.5, $"pooled {ShareOfFew(pooled):0.00} of {pooled.Count}, plain {ShareOfFew(plain):0.00} of {plain.Count}");
    }

    private static Task LoadAsync(HttpClient client) => Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
    {
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(HttpApi.Text, await client.GetStringAsync("/text", TestContext.Current.CancellationToken));
        }
    }));

    private static double ShareOfFew(ConcurrentQueue<int> asked) => (double)asked.Count(static length => length <= FewResponses) / asked.Count;

    private static void Record(SocketsHttpHandler handler, ConcurrentQueue<int> asked) =>
        handler.PlaintextStreamFilter = (context, _) => new ValueTask<Stream>(new RecordingStream(context.PlaintextStream, asked));

    /// <summary>Notes for how much each read asks that asks for anything.</summary>
    private sealed class RecordingStream(Stream inner, ConcurrentQueue<int> asked) : PassingStream(inner)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!buffer.IsEmpty)
            {
                asked.Enqueue(buffer.Length);
            }

            return Inner.ReadAsync(buffer, cancellationToken);
        }
    }
}
