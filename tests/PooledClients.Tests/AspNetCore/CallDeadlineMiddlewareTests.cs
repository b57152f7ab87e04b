using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using RocksDb.V1;

namespace PooledClients.Tests.AspNetCore;

public sealed class CallDeadlineMiddlewareTests
{
    private readonly FakeTimeProvider _time = new();

    public static TheoryData<string, object[], int?> Endpoints => new()
    {
        { "nothing", [], 9 },
        { "attribute", [new RequestTimeoutAttribute(3000)], 3 },
        { "named policy", [new RequestTimeoutAttribute("slow")], 60 },
        { "policy", [new RequestTimeoutPolicy { Timeout = TimeSpan.FromSeconds(4) }], 4 },
        { "policy over attribute", [new RequestTimeoutAttribute(3000), new RequestTimeoutPolicy { Timeout = TimeSpan.FromSeconds(4) }], 4 },
        { "policy without a timeout", [new RequestTimeoutPolicy()], null },
        { "disabled", [new RequestTimeoutAttribute(3000), new DisableRequestTimeoutAttribute()], null },
    };

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task UseCallDeadlines_Endpoint_ItsTimeoutIsAmbient(string name, object[] metadata, int? seconds)
    {
        DateTime? seen = null;
        var app = Build(_ => seen = CallDeadline.Current);

        await app(Request(metadata));

        Assert.True(seen == (seconds is { } s ? _time.GetUtcNow().UtcDateTime.AddSeconds(s) : null), name);
        Assert.Null(CallDeadline.Current);
    }

    [Fact]
    public async Task UseCallDeadlines_RequestAborted_IsAmbient()
    {
        using var aborted = new CancellationTokenSource();
        CancellationToken? seen = null;
        var app = Build(_ => seen = CallDeadline.Value?.CancellationToken);
        var request = Request([]);
        request.RequestAborted = aborted.Token;

        await app(request);

        Assert.Equal(aborted.Token, seen);
    }

    [Fact]
    public async Task UseCallDeadlines_UnknownPolicy_SaysWhich()
    {
        var app = Build(_ => { });

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => app(Request([new RequestTimeoutAttribute("missing")])));
        Assert.Contains("'missing'", failure.Message, StringComparison.Ordinal);
    }

    public static TheoryData<Exception> Ends =>
    [
        new RpcException(new Status(StatusCode.DeadlineExceeded, "")),
        new RpcException(new Status(StatusCode.Cancelled, "")),
        new TaskCanceledException("", new TimeoutException()),
    ];

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task UseCallDeadlines_CallEndsWithTheRequestsDeadline_TheRequestTimedOut(Exception end)
    {
        var app = Build(_ =>
        {
            _time.Advance(TimeSpan.FromSeconds(3));
            throw end;
        });
        var (plain, own) = (Request([new RequestTimeoutAttribute(3000)]), Request([new RequestTimeoutPolicy
        {
            Timeout = TimeSpan.FromSeconds(3),
            TimeoutStatusCode = 503,
            WriteTimeoutResponse = context =>
            {
                context.Response.Headers["own"] = "words";
                return Task.CompletedTask;
            },
        }]));

        await app(plain);
        await app(own);

        Assert.Equal(504, plain.Response.StatusCode);
        Assert.Equal((503, "words"), (own.Response.StatusCode, own.Response.Headers["own"].ToString()));
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task UseCallDeadlines_CallEndsWithItsOwnDeadline_IsTheApplicationsMatter(Exception end)
    {
        var app = Build(_ => throw end);

        Assert.Same(end, await Assert.ThrowsAnyAsync<Exception>(() => app(Request([new RequestTimeoutAttribute(3000)]))));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public async Task UseCallDeadlines_CallInsideARequestThatTimesOut_IsAnsweredWith504(bool hasRequestTimeouts, bool isGrpc)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Services.AddRequestTimeouts();
        builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>();
        builder.Services.AddPooledHttpClient("inner");
        builder.Services.UsePooledClientsInMemory(new HangingHandler());
        await using var app = builder.Build();
        app.UseRouting();
        if (hasRequestTimeouts)
        {
            app.UseRequestTimeouts();
        }

        app.UseCallDeadlines();
        app.MapGet("/", async (KeyValue.KeyValueClient grpc, [FromKeyedServices("inner")] HttpClient http)
            => isGrpc ? $"{await grpc.GetAsync(new GetRequest())}" : await http.GetStringAsync(new Uri("https://inner/"))).WithRequestTimeout(TimeSpan.FromMilliseconds(100));
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = app.GetTestClient();

        using var response = await client.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
    }

    private static DefaultHttpContext Request(object[] metadata)
    {
        var context = new DefaultHttpContext();
        context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(metadata), null));
        return context;
    }

    private RequestDelegate Build(Action<HttpContext> endpoint)
    {
        var services = new ServiceCollection().AddSingleton<TimeProvider>(_time);
        services.Configure<RequestTimeoutOptions>(o =>
        {
            o.DefaultPolicy = new RequestTimeoutPolicy { Timeout = TimeSpan.FromSeconds(9) };
            o.AddPolicy("slow", TimeSpan.FromSeconds(60));
        });
        var app = new ApplicationBuilder(services.BuildServiceProvider());
        app.UseCallDeadlines();
        app.Run(context =>
        {
            endpoint(context);
            return Task.CompletedTask;
        });
        return app.Build();
    }

    private sealed class HangingHandler : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException();
        }
    }
}
