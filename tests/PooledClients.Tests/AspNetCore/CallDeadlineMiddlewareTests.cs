using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

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
}
