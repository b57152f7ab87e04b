using System.Runtime.CompilerServices;
using PooledClients.Http.Exchanges;
using PooledClients.Http.Exchanges.Bodies;
using PooledClients.Http.Leaks;

namespace PooledClients.Tests.Http.Leaks;

/// <summary>Exchanges that end while others begin: a way to a response is used again, and must never lead to another's.</summary>
public sealed class ResponseRegistryTests : IDisposable
{
    private readonly HttpPipeline _pipeline = new((_, _) => throw new InvalidOperationException());

    public void Dispose() => _pipeline.Dispose();

    [Fact]
    public async Task Abort_WhileItIsListedAndOthersAreToo_ClosesItsOwnResponseAlone()
    {
        const int Threads = 4;
        const int Exchanges = 5000;
        using var start = new Barrier(Threads * 2);
        var shared = new HttpExchange?[Threads];
        var closedAlive = 0;
        var leftOpen = 0;
        var aborters = Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(() =>
        {
            start.SignalAndWait();
            while (true)
            {
                var exchange = Volatile.Read(ref shared[thread]);
                if (exchange is null)
                {
                    continue;
                }

                if (exchange.Route.Method == "END")
                {
                    return;
                }

                exchange.Abort(ExchangeEnd.Cancelled);
            }
        }, TaskCreationOptions.LongRunning)).ToArray();
        var callers = Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(() =>
        {
            start.SignalAndWait();
            for (var i = 0; i < Exchanges; i++)
            {
                // The one that others abort at any moment, and one that nobody aborts.
                var aborted = Begin("GET");
                Volatile.Write(ref shared[thread], aborted);
                using var abortedBody = new Body();
                var abortedContent = new TrackedContent(aborted, abortedBody.Content, new ResponseBody(BodyKind.Open));
                aborted.Bind(abortedContent);
                var kept = Begin("GET");
                using var keptBody = new Body();
                var content = new TrackedContent(kept, keptBody.Content, new ResponseBody(BodyKind.Open));
                kept.Bind(content);
                SpinWait.SpinUntil(() => aborted.End != ExchangeEnd.None && abortedBody.IsClosed, TimeSpan.FromSeconds(10));
                Interlocked.Add(ref leftOpen, abortedBody.IsClosed ? 0 : 1);
                Interlocked.Add(ref closedAlive, keptBody.IsClosed ? 1 : 0);
                content.Complete();
                GC.KeepAlive(abortedContent);
            }

            Volatile.Write(ref shared[thread], Begin("END"));
        }, TaskCreationOptions.LongRunning)).ToArray();

        await Task.WhenAll([.. callers, .. aborters]);

        Assert.Equal(0, leftOpen);
        Assert.Equal(0, closedAlive);
        Assert.Equal(0, _pipeline.State.Registry.Open);
    }

    // By then the loggers may be gone.
    [Fact]
    public async Task Dispose_AResponseWasDropped_LooksForItNoMore()
    {
        Drop();
        _pipeline.State.Registry.Dispose();

        for (var i = 0; i < 3; i++)
        {
            var collected = new TaskCompletionSource();
            CollectionNotice.Post(collected.SetResult);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await collected.Task;
        }

        Assert.Equal(1, _pipeline.State.Registry.Open);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Drop()
        {
            var dropped = Begin("GET");
            dropped.Bind(new TrackedContent(dropped, new StringContent("a"), new ResponseBody(BodyKind.Open)));
        }
    }

    private HttpExchange Begin(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "https://api.internal/users");
        return new HttpExchange(_pipeline.State, _pipeline.State.Routes.Get(request), Timeout.InfiniteTimeSpan, callSite: null);
    }

    private sealed class Body : IDisposable
    {
        private readonly Stream _stream = new MemoryStream([1]);

        public Body() => Content = new StreamContent(_stream);

        public HttpContent Content { get; }

        public bool IsClosed => !_stream.CanRead;

        public void Dispose() => Content.Dispose();
    }
}
