using System.Net;
using PooledClients.Http.Exchanges;
using PooledClients.TestBed.Streams;

namespace PooledClients.Tests.Http.Exchanges;

public sealed class TrackedStreamTests
{
    public static TheoryData<string, Func<Stream, Task>> Ways => new()
    {
        { "ReadAsync", stream => stream.ReadAsync(new byte[8], TestContext.Current.CancellationToken).AsTask() },
        { "CopyToAsync", stream => stream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken) },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Read_DeadlineCutsTheBodyOff_IsNoEndOfTheBody(string way, Func<Stream, Task> read)
    {
        using var body = new OpenBodyStream(heedsToken: false);
        using var pipeline = new HttpPipeline(
            (_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body) }),
            options => options.Deadline = TimeSpan.FromSeconds(5));
        using var response = await pipeline.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var reading = read(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

        pipeline.Time.Advance(TimeSpan.FromSeconds(5));

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => reading);
        Assert.True(error.InnerException is TimeoutException, way);
    }

    [Fact]
    public async Task Read_BeginsAfterTheAmbientWorkWasCancelled_IsNoEndOfTheBody()
    {
        // As the stream of an HTTP/1.1 response: nothing to be read once it is disposed.
        using var body = new OpenBodyStream(heedsToken: false);
        using var pipeline = Create(body);
        using var work = new CancellationTokenSource();
        using var ambient = CallDeadline.Begin(DateTime.MaxValue, work.Token);
        using var response = await pipeline.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await work.CancelAsync();

        Assert.ThrowsAny<OperationCanceledException>(() => stream.Read(new byte[8]));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream.ReadAsync(new byte[8], TestContext.Current.CancellationToken).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ReadAsync_TokenIsCancelledAsItSucceeds_EndsNoLaterRead()
    {
        using var late = new CancellationTokenSource();
        using var body = new LateTokenStream(late);
        using var pipeline = Create(body);
        using var response = await pipeline.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, await stream.ReadAsync(new byte[8], late.Token));
        Assert.True(late.IsCancellationRequested);

        Assert.Equal(1, await stream.ReadAsync(new byte[8], TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Exchange_EndsAsItBegins_LeavesNothingAtTheAmbientToken()
    {
        using var pipeline = new HttpPipeline((_, _) => throw new InvalidOperationException());
        using var work = new CancellationTokenSource();
        using var route = new HttpRequestMessage(HttpMethod.Get, "https://api.internal/users");
        var exchange = new HttpExchange(pipeline.State, pipeline.State.Routes.Get(route), TimeSpan.Zero, callSite: null);
        exchange.EndWith(work.Token);

        Assert.Equal(ExchangeEnd.DeadlinePassed, exchange.End);
        Assert.Equal(0, CallbacksOf(work));
    }

    private static HttpPipeline Create(Stream body) => new((_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body) }));

    // No public member tells how many there are.
    private static int CallbacksOf(CancellationTokenSource source)
    {
        const System.Reflection.BindingFlags Fields = System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Public;
        var registrations = typeof(CancellationTokenSource).GetField("_registrations", Fields)!.GetValue(source);
        if (registrations is null)
        {
            return 0;
        }

        var count = 0;
        for (var node = registrations.GetType().GetField("Callbacks", Fields)!.GetValue(registrations); node is not null; node = node.GetType().GetField("Next", Fields)!.GetValue(node))
        {
            count++;
        }

        return count;
    }

    /// <summary>Gives a byte a read, unless the read's token is cancelled, and cancels another's just before.</summary>
    private sealed class LateTokenStream(CancellationTokenSource late) : MemoryStream(new byte[100])
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            late.Cancel();
            return ValueTask.FromResult(1);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
            => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }
}
