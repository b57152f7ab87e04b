using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;
using PooledClients.Grpc.Calls;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Retries;
using RocksDb.V1;
using static PooledClients.Tests.Grpc.MemoryServer;

namespace PooledClients.Tests.Grpc.Retries;

public sealed class RetriedRequestTests
{
    private static readonly GetResponse Found = new() { Found = true };

    [Fact]
    public async Task Get_FirstAttemptSucceeds_IsTheCall()
    {
        using var server = new MemoryServer(Ok(Found));
        using var fixture = new PipelineFixture(server);

        using var call = fixture.Get();

        Assert.True((await call).Found);
        Assert.Equal("0", (await call.ResponseHeadersAsync).GetValue("attempt"));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.Empty(call.GetTrailers());
        Assert.False(Assert.Single(server.Requests).Headers.Contains("grpc-previous-rpc-attempts"));
    }

    [Fact]
    public async Task Get_FirstAttemptsUnavailable_ReturnsTheLastAttempt()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable), Fail(StatusCode.Unavailable), Ok(Found));
        using var fixture = new PipelineFixture(server);

        using var call = fixture.Get(new Metadata { { "mine", "1" } });
        await fixture.PassPausesAsync(call.ResponseAsync);

        Assert.True((await call).Found);
        Assert.Equal("2", (await call.ResponseHeadersAsync).GetValue("attempt"));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.Equal(["", "1", "2"], server.PreviousAttempts);
        Assert.All(server.Requests, r => Assert.Equal("1", r.Headers.GetValues("mine").Single()));
    }

    [Fact]
    public void BlockingGet_FirstAttemptUnavailable_IsTriedAgain()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "0"), Ok(Found));
        using var fixture = new PipelineFixture(server);

        Assert.True(fixture.Client.Get(new GetRequest(), cancellationToken: TestContext.Current.CancellationToken).Found);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Put_Unavailable_IsNotTriedAgain()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable));
        using var fixture = new PipelineFixture(server);

        var failure = await Assert.ThrowsAsync<RpcException>(() => fixture.Put().ResponseAsync);

        Assert.Equal("scripted", failure.Status.Detail);
        Assert.Single(server.Requests);
        Assert.Contains("idempotency_level", fixture.Logger.LatestRecord.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, Func<Exception>, int> TransportFaults => new()
    {
        { "refused connection", () => new HttpRequestException("refused", new SocketException((int)SocketError.ConnectionRefused)), 2 },
        { "GOAWAY NO_ERROR", () => new HttpRequestException("goaway", new HttpProtocolException(0, "NO_ERROR", null)), 2 },
        { "ping death", () => new HttpRequestException(HttpRequestError.HttpProtocolError, "ping", new HttpProtocolException(1, "PROTOCOL_ERROR", null)), 2 },
        { "broken connection", () => new HttpRequestException("reset", new IOException("reset", new SocketException((int)SocketError.ConnectionReset))), 2 },
        { "HTTP/1.1 server", () => new HttpRequestException("1.1", new HttpProtocolException(0xd, "HTTP_1_1_REQUIRED", null)), 1 },
        { "untrusted", () => new HttpRequestException(HttpRequestError.SecureConnectionError, "tls", new AuthenticationException("untrusted")), 1 },
        { "out of descriptors", () => new HttpRequestException("emfile", new SocketException(24)), 1 },
        { "spent connection budget", () => new HttpRequestException("budget", new ConnectionBudgetException("budget")), 1 },
        { "disposed", () => new HttpRequestException("disposed", new ObjectDisposedException("pool")), 1 },
        { "a bug", () => new InvalidOperationException("bug"), 1 },
    };

    [Theory]
    [MemberData(nameof(TransportFaults))]
    public async Task Get_TransportFault_IsTriedAgainOnlyWhereThatCanHelp(string name, Func<Exception> fault, int attempts)
    {
        using var server = new MemoryServer(Throw(fault), Ok(Found));
        using var fixture = new PipelineFixture(server);

        var response = fixture.Get().ResponseAsync;
        await fixture.PassPausesAsync(response);

        Assert.True(attempts == server.Requests.Count, name);
        Assert.Equal(attempts > 1, response.IsCompletedSuccessfully);
    }

    [Theory]
    [InlineData(StatusCode.Unavailable, true)]
    [InlineData(StatusCode.Internal, false)]
    [InlineData(StatusCode.Unknown, false)]
    [InlineData(StatusCode.NotFound, false)]
    [InlineData(StatusCode.ResourceExhausted, false)]
    [InlineData(StatusCode.Aborted, false)]
    [InlineData(StatusCode.DeadlineExceeded, false)]
    [InlineData(StatusCode.Cancelled, false)]
    [InlineData(StatusCode.DataLoss, false)]
    public async Task Get_StatusOfTheServer_IsTriedAgainOnlyWhenUnavailable(StatusCode status, bool again)
    {
        using var server = new MemoryServer(Fail(status), Ok(Found));
        using var fixture = new PipelineFixture(server);

        var response = fixture.Get().ResponseAsync;
        await fixture.PassPausesAsync(response);

        Assert.Equal(again ? 2 : 1, server.Requests.Count);
    }

    [Fact]
    public async Task Get_AllAttemptsFail_SaysHowMany()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, "down"));
        using var fixture = new PipelineFixture(server, o => o.Resilience.Retry.MaxAttempts = 3);

        using var call = fixture.Get();
        await fixture.PassPausesAsync(call.ResponseAsync);

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal("down (3 attempts; as many as it may make)", failure.Status.Detail);
        Assert.Equal(failure.Status, call.GetStatus());
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task Get_BudgetSpent_FailsAtOnceAndSaysSo()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, "down"));
        using var fixture = new PipelineFixture(server, o => o.Resilience.RetryBudget.PerSecond = 0);

        var failure = await Assert.ThrowsAsync<RpcException>(() => fixture.Get().ResponseAsync);

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Equal("down (1 attempt; the retry budget of http://memory is spent: 0.2 of its calls plus 0 a second)", failure.Status.Detail);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("soon")]
    public async Task Get_ServerForbidsAnother_FailsAtOnce(string pushback)
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, "down", pushback), Ok(Found));
        using var fixture = new PipelineFixture(server);

        var failure = await Assert.ThrowsAsync<RpcException>(() => fixture.Get().ResponseAsync);

        Assert.Contains("grpc-retry-pushback-ms", failure.Status.Detail, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Get_ServerSetsThePause_WaitsThatLong()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "2000"), Ok(Found));
        using var fixture = new PipelineFixture(server);

        var response = fixture.Get().ResponseAsync;
        await fixture.PauseAsync(TimeSpan.FromSeconds(2));
        Assert.Single(server.Requests);
        fixture.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.True((await response).Found);
    }

    [Fact]
    public async Task Dispose_InThePause_EndsTheCall()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "60000"), Ok(Found));
        using var fixture = new PipelineFixture(server);

        var call = fixture.Get();
        await fixture.PauseAsync(TimeSpan.FromSeconds(60));
        call.Dispose();

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Dispose_InASecondAttempt_CancelsIt()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "0"));
        server.Add(server.Hang);
        using var fixture = new PipelineFixture(server);

        var call = fixture.Get();
        await server.Arrivals.Reader.ReadAsync(TestContext.Current.CancellationToken);
        await server.Arrivals.Reader.ReadAsync(TestContext.Current.CancellationToken);
        call.Dispose();

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
    }

    [Fact]
    public async Task Cancel_InThePause_EndsAsTheChannelDoes()
    {
        using var cancel = new CancellationTokenSource();
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "60000"), (_, token) => Task.FromCanceled<HttpResponseMessage>(token));
        using var fixture = new PipelineFixture(server);

        var call = fixture.Client.GetAsync(new GetRequest(), cancellationToken: cancel.Token);
        await fixture.PauseAsync(TimeSpan.FromSeconds(60));
        await cancel.CancelAsync();

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
    }

    [Fact]
    public async Task Deadline_InThePause_SaysWhoSetItAndWhatFailed()
    {
        // The channel has the true clock: on a busy machine a short deadline may be over before the pause begins, and says nothing of it.
        for (var seconds = 1; ; seconds *= 2)
        {
            using var server = new MemoryServer(Fail(StatusCode.Unavailable, "down", pushback: "60000"), Ok(Found));
            using var fixture = new PipelineFixture(server, o => o.Deadline = TimeSpan.FromSeconds(seconds));
            using var call = fixture.Get();

            var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

            Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
            Assert.Equal(StatusCode.DeadlineExceeded, call.GetStatus().StatusCode);
            Assert.InRange(server.Requests.Count, 0, 1);
            if (fixture.HasPaused(TimeSpan.FromSeconds(60)) || seconds > 30)
            {
                Assert.Matches(
                    @"^The call reached its deadline of [\d.]+ s \(set by the client's Deadline option\) before attempt 2\. The last one failed with Unavailable: down$",
                    failure.Status.Detail);
                return;
            }
        }
    }

    [Fact]
    public async Task Headers_AskedForBeforeTheFirstAttemptFails_AreTheLastAttempts()
    {
        var failing = new TaskCompletionSource();
        using var server = new MemoryServer(When(failing.Task, Fail(StatusCode.Unavailable, pushback: "0")), Ok(Found));
        using var fixture = new PipelineFixture(server);

        using var call = fixture.Get();
        var headers = call.ResponseHeadersAsync;
        failing.SetResult();

        Assert.Equal("1", (await headers).GetValue("attempt"));
        Assert.True((await call).Found);
    }

    [Fact]
    public async Task Get_MaxAttemptsOfOne_IsNotWatched()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, "down"));
        using var fixture = new PipelineFixture(server, o => o.Resilience.Retry.MaxAttempts = 1);

        var failure = await Assert.ThrowsAsync<RpcException>(() => fixture.Get().ResponseAsync);

        Assert.Equal("down", failure.Status.Detail);
    }

    [Fact]
    public async Task Get_FailsAfterItsHeaders_IsNotTriedAgain()
    {
        using var server = new MemoryServer(FailAfter(StatusCode.Unavailable), Ok(Found));
        using var fixture = new PipelineFixture(server);

        var failure = await Assert.ThrowsAsync<RpcException>(() => fixture.Get().ResponseAsync);

        Assert.Equal("scripted, late", failure.Status.Detail);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Get_AnsweredByAProxy_IsTriedAgainAndSaysSo()
    {
        using var server = new MemoryServer((_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Version = HttpVersion.Version20 }));
        using var fixture = new PipelineFixture(server, o => o.Resilience.Retry.MaxAttempts = 2);

        using var call = fixture.Get();
        await fixture.PassPausesAsync(call.ResponseAsync);

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Equal("Bad gRPC response. HTTP status code: 503 (2 attempts; as many as it may make)", failure.Status.Detail);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Get_AllAttemptsFail_KeepsTheDetailsCharactersAndTheTrailers()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, "50%25 f%C3%BCr, alle", pushback: "0"));
        using var fixture = new PipelineFixture(server, o => o.Resilience.Retry.MaxAttempts = 2);

        using var call = fixture.Get();

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal("50% für, alle (2 attempts; as many as it may make)", failure.Status.Detail);
        Assert.Equal("0", failure.Trailers.GetValue("grpc-retry-pushback-ms"));
        Assert.Equal("0", call.GetTrailers().GetValue("grpc-retry-pushback-ms"));
    }

    [Fact]
    public async Task Get_SomethingWaitsOnTheWayDown_IsTriedAgain()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "0"), Ok(Found));
        using var fixture = new PipelineFixture(server, wait: static async _ => await Task.Yield());

        Assert.True((await fixture.Get()).Found);
        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Put_MadeOnTheWayDownOfAGet_IsNotTriedAgain(bool yields)
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "0"), Ok(Found));
        KeyValue.KeyValueClient? other = null;
        using var fixture = new PipelineFixture(
            server,
            wait: async request =>
            {
                if (yields)
                {
                    await Task.Yield();
                }

                if (request.RequestUri!.AbsolutePath.EndsWith("Get", StringComparison.Ordinal))
                {
                    await Assert.ThrowsAsync<RpcException>(() => other!.PutAsync(new PutRequest(), cancellationToken: TestContext.Current.CancellationToken).ResponseAsync);
                }
            });
        other = new KeyValue.KeyValueClient(fixture.Channel);

        Assert.True((await fixture.Get()).Found);
        Assert.Equal(["Put", "Get"], server.Requests.Select(request => request.RequestUri!.Segments[^1]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Get_MadeByAnotherClientOnTheWayDown_HasThatClientsPolicy(bool yields)
    {
        using var otherServer = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "0"), Ok(Found));
        using var other = new PipelineFixture(
            otherServer,
            options => (options.Resilience.Retry.MaxAttempts, options.Deadline) = (1, Timeout.InfiniteTimeSpan),
            wait: async _ => await Task.Yield());
        using var server = new MemoryServer(Ok(Found));
        using var fixture = new PipelineFixture(
            server,
            wait: async _ =>
            {
                if (yields)
                {
                    await Task.Yield();
                }

                await Assert.ThrowsAsync<RpcException>(() => other.Get().ResponseAsync);
            });

        Assert.True((await fixture.Get()).Found);
        Assert.Single(otherServer.Requests);
    }

    [Fact]
    public async Task Get_AnsweredByAProxy_LetsGoOfTheAnswerBeforeThePause()
    {
        var body = new MemoryStream();
        using var server = new MemoryServer((_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable)
        {
            Version = HttpVersion.Version20,
            Content = new StreamContent(body),
        }));
        using var fixture = new PipelineFixture(
            server, o => (o.Resilience.Retry.Delay, o.Resilience.Retry.MaxDelay) = (TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1)));

        using var call = fixture.Get();
        await fixture.PauseBeginsAsync();

        Assert.False(body.CanRead);
    }

    [Fact]
    public async Task Get_WaitsOnTheWayDown_LeavesNothingInTheCallersContext()
    {
        using var server = new MemoryServer(Ok(Found));
        using var fixture = new PipelineFixture(server, wait: static async _ => await Task.Yield());

        await fixture.Get();

        Assert.Null(CallScope.Of(Assert.Single(server.Requests)));
    }
}
