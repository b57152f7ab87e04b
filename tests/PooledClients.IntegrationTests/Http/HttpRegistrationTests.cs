using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Http.Exchanges;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Files;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using Polly;

namespace PooledClients.IntegrationTests.Http;

/// <summary>Every form of registration, and how it composes with what else the user does to a client.</summary>
public class HttpRegistrationTests : WatchedTest
{
    private const int ForeignHandler = 204;
    private const int LeftToHandler = 205;
    private const int TimeoutAboveTheDeadline = 493;

    [Fact]
    public async Task Add_EveryForm_GivesAClientWithItsOwnOptions()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        var services = Services(new() { ["PooledClients:Http:Default:BaseAddress"] = $"{server.Address}", ["PooledClients:Http:Typed:BaseAddress"] = $"{server.Address}" });
        services.AddPooledHttpClient();
        services.AddPooledHttpClient("named", options => options.BaseAddress = server.Address);
        services.AddPooledHttpClient<Typed>();
        services.AddPooledHttpClient<Other>("other", options => options.BaseAddress = server.Address);
        services.AddPooledHttpClient<ITyped, Implementation>(options => options.BaseAddress = server.Address);
        await using var provider = services.BuildServiceProvider(validateScopes: true);
        using var scope = provider.CreateScope();
        using var secondScope = provider.CreateScope();

        HttpClient[] clients =
        [
            provider.GetRequiredService<HttpClient>(),
            provider.GetRequiredService<IHttpClientFactory>().CreateClient(),
            provider.GetRequiredService<IHttpClientFactory>().CreateClient("named"),
            scope.ServiceProvider.GetRequiredKeyedService<HttpClient>("named"),
            secondScope.ServiceProvider.GetRequiredKeyedService<HttpClient>("named"),
            provider.GetRequiredService<Typed>().Client,
            provider.GetRequiredService<Other>().Client,
            ((Implementation)provider.GetRequiredService<ITyped>()).Client,
        ];

        foreach (var client in clients)
        {
            Assert.Equal((server.Address, Timeout.InfiniteTimeSpan), (client.BaseAddress, client.Timeout));
            Assert.Equal(HttpApi.Text, await client.GetStringAsync("/text", TestContext.Current.CancellationToken));
        }

        Assert.Equal(1, server.Connections.Accepted);
        Assert.Equal(clients.Length, clients.Distinct().Count());
    }

    [Fact]
    public async Task Add_CodeAndUser_WinOverTheLibraryInAnyOrder()
    {
        var services = Services(new() { ["PooledClients:Http:api:BaseAddress"] = "https://from.configuration/", ["PooledClients:Http:api:Deadline"] = "00:00:07" });
        services.AddHttpClient("api").ConfigureHttpClient(static client => client.Timeout = TimeSpan.FromSeconds(3));
        services.AddPooledHttpClient("api", static options => options.BaseAddress = new Uri("https://from.code/"));
        await using var provider = services.BuildServiceProvider();

        var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("api");

        Assert.Equal((new Uri("https://from.code/"), TimeSpan.FromSeconds(3)), (client.BaseAddress, client.Timeout));
        Assert.Equal(TimeSpan.FromSeconds(7), provider.GetRequiredService<IOptionsMonitor<PooledHttpClientOptions>>().Get("api").Deadline);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Primary_OfTheUser_WinsWithOneWarning(bool before)
    {
        Log.Allow("primary handler of its own");
        var services = Services();
        if (before)
        {
            services.AddHttpClient("api").ConfigurePrimaryHttpMessageHandler(static () => new Stub());
        }

        var builder = services.AddPooledHttpClient("api", static options => options.BaseAddress = new Uri("https://api.internal/"));
        if (!before)
        {
            builder.ConfigurePrimaryHttpMessageHandler(static () => new Stub());
        }

        await using var provider = services.BuildServiceProvider();
        for (var i = 0; i < 3; i++)
        {
            var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("api");
            Assert.Equal("stub", await client.GetStringAsync("/", TestContext.Current.CancellationToken));
        }

        Assert.Single(Log.Entries, static entry => entry.Event.Id is ForeignHandler);
    }

    [Theory]
    [InlineData("localhost:5000")]
    [InlineData("api.internal")]
    [InlineData("api.internal:8080/x")]
    public async Task Start_AddressWithoutItsScheme_SaysWhatIsMeant(string address)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["PooledClients:Http:Default:BaseAddress"] = address });
        builder.Services.AddPooledHttpClient();
        using var host = builder.Build();

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains($"did you mean https://{address.Split('/')[0]}?", Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Resilience_OfMicrosoft_TakesThePlaceOfOurs(bool before)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        var services = Services();
        if (before)
        {
            services.AddHttpClient("api").AddStandardResilienceHandler(static options => options.Retry.MaxRetryAttempts = 1);
        }

        var builder = services.AddPooledHttpClient("api", options =>
        {
            options.BaseAddress = server.Address;
            options.Deadline = TimeSpan.FromSeconds(1);
        });
        if (!before)
        {
            builder.AddStandardResilienceHandler(static options => options.Retry.MaxRetryAttempts = 1);
        }

        services.AddHttpClient("plain");
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("api");

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => client.GetStringAsync("/stall/headers", TestContext.Current.CancellationToken));

        Assert.Contains("passed its deadline of 1 s", error.Message, StringComparison.Ordinal);
        Assert.Single(Log.Entries, static entry => entry.Event.Id is LeftToHandler);
    }

    [Fact]
    public async Task Resilience_OfPolly_TakesThePlaceOfOurs()
    {
        const int retries = 3;
        var api = new HttpApi();
        for (var i = 0; i < 2 * retries; i++)
        {
            api.Answers.Enqueue(HttpStatusCode.ServiceUnavailable);
        }

        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address, build: static builder =>
            builder.AddTransientHttpErrorPolicy(static policy => policy.RetryAsync(retries)));

        using var response = await http.Client.GetAsync("/answers", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(1 + retries, api.Arrivals["GET /answers"]);
        Assert.Single(Log.Entries, static entry => entry.Event.Id is LeftToHandler);
    }

    // Polly's handlers leave the timeout alone: it was the application that lifted it, and the client's deadline ends what it buffers all the same.
    [Fact]
    public async Task Start_TimeoutLiftedBesideAHandlerOfPolly_IsWarnedOf()
    {
        Log.Allow("uploads");
        await using var host = await ClientHost.StartAsync(Log, static services => services.AddPooledHttpClient("uploads")
            .ConfigureHttpClient(static client => client.Timeout = Timeout.InfiniteTimeSpan)
            .AddTransientHttpErrorPolicy(static policy => policy.RetryAsync()));

        Assert.Contains(Log.Entries, static entry => entry.Event.Id == TimeoutAboveTheDeadline);
    }

    [Fact]
    public async Task Pipeline_OtherClients_AreLeftAlone()
    {
        var services = Services();
        services.AddPooledHttpClient("pooled", static options => options.BaseAddress = new Uri("https://api.internal/"));
        services.AddHttpClient("plain").ConfigurePrimaryHttpMessageHandler(static () => new Stub());
        await using var provider = services.BuildServiceProvider();

        using var response = await provider.GetRequiredService<IHttpClientFactory>().CreateClient("plain")
            .GetAsync("https://api.internal/", TestContext.Current.CancellationToken);

        Assert.False(response.RequestMessage!.Options.TryGetValue(HttpExchange.Key, out _));
    }

    [Fact]
    public async Task Start_BadOptions_AreAllNamed()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["PooledClients:Http:Default:BaseAddress"] = "localhost:5000",
            ["PooledClients:Http:Default:Deadline"] = "30",
            ["PooledClients:Http:uploads:Resilience:Retry:MaxAttempts"] = "-1",
            ["PooledClients:Http:uploads:Resilience:Breaker:FailureRatio"] = "2",
            ["PooledClients:Http:uploads:IdleReadTimeout"] = "soon",
            ["PooledClients:Http:uploads:Tls:CaCertificatePath"] = "/nowhere/ca.pem",
        });
        builder.Services.AddPooledHttpClient();
        builder.Services.AddPooledHttpClient("uploads");
        using var host = builder.Build();

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(
            [
                "PooledClients:Http:Default:BaseAddress",
                "PooledClients:Http:Default:Deadline",
                "PooledClients:Http:uploads:IdleReadTimeout",
                "PooledClients:Http:uploads:Resilience:Breaker:FailureRatio",
                "PooledClients:Http:uploads:Resilience:Retry:MaxAttempts",
                "PooledClients:Http:uploads:Tls:CaCertificatePath",
            ],
            error.Failures.Select(static failure => failure[..failure.IndexOf(": ", StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Get_Tls_TrustsTheGivenAuthorityOnly()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version20, tls: true);
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "ca.pem");
        await File.WriteAllTextAsync(path, TestAuthority.Shared.Certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await using var trusting = new HttpFixture(Log, HttpVersion.Version20, server.Address, options => options.Tls.CaCertificatePath = path);
        await using var other = new HttpFixture(Log, HttpVersion.Version20, server.Address);

        Assert.Equal(HttpApi.Text, await trusting.Client.GetStringAsync("/text", TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<HttpRequestException>(() => other.Client.GetStringAsync("/text", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Get_UnixSocket_IsConnectedTo()
    {
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "api.sock");
        await using var server = await TestServer.StartAsync(new TestServerOptions
        {
            UnixSocket = path,
            Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1,
        });
        await using var http = new HttpFixture(Log, HttpVersion.Version11, new Uri("unix:" + path));

        Assert.Contains("a.txt", await http.Client.GetStringAsync(UploadsService.ApiPath + "/a.txt", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_Redirect_ToAnotherAuthority_IsFollowed()
    {
        var target = new HttpApi();
        await using var there = await target.StartAsync(HttpVersion.Version11);
        var api = new HttpApi { RedirectTo = new Uri(there.Address, "/text") };
        await using var here = await api.StartAsync(HttpVersion.Version11);
        await using var http = new HttpFixture(Log, HttpVersion.Version11, here.Address);

        Assert.Equal(HttpApi.Text, await http.Client.GetStringAsync("/redirect", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Get_Proxy_OfTheHandler_IsUsed()
    {
        var proxy = new HttpApi();
        await using var server = await proxy.StartAsync(HttpVersion.Version11);
        await using var http = new HttpFixture(
            Log,
            HttpVersion.Version11,
            new Uri("http://nowhere.invalid/"),
            build: builder => builder.ConfigurePooledHandler(handler => handler.Proxy = new WebProxy(server.Address)));

        Assert.Equal(HttpApi.Text, await http.Client.GetStringAsync("/text", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Post_ServerFails_IsNeverSentTwice()
    {
        var api = new HttpApi();
        api.Answers.Enqueue(HttpStatusCode.ServiceUnavailable);
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address);

        using var post = await http.Client.PostAsync("/answers", new StringContent("x"), TestContext.Current.CancellationToken);
        api.Answers.Enqueue(HttpStatusCode.ServiceUnavailable);
        using var get = await http.Client.GetAsync("/answers", TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (post.StatusCode, get.StatusCode));
        Assert.Equal((1, 2), (api.Arrivals["POST /answers"], api.Arrivals["GET /answers"]));
    }

    [Fact]
    public async Task Duration_OfTheRuntime_IsTheContainersAndTaggedByClient()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address);
        using var durations = new MetricCollector<double>(http.Meters, "System.Net.Http", "http.client.request.duration");

        await http.Client.GetStringAsync("/text", TestContext.Current.CancellationToken);
        await http.Client.GetStringAsync("/text", TestContext.Current.CancellationToken);

        var ours = durations.GetMeasurementSnapshot();
        Assert.Equal(2, ours.Count);
        Assert.All(ours, static measurement => Assert.Equal("uploads", measurement.Tags["pooledclients.client"]));
    }

    [Fact]
    public async Task Get_WithinAnAmbientDeadline_EndsAtIt()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address);
        using var ambient = CallDeadline.Begin(DateTime.UtcNow.AddMilliseconds(500));

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => http.Client.GetStringAsync("/stall/headers", TestContext.Current.CancellationToken));

        Assert.IsType<TimeoutException>(error.InnerException);
    }

    private ServiceCollection Services(Dictionary<string, string?>? configuration = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(configuration ?? []).Build());
        services.AddLogging(logging => logging.AddProvider(Log));
        return services;
    }

    private interface ITyped;

    private sealed class Typed(HttpClient client)
    {
        public HttpClient Client => client;
    }

    private sealed class Other(HttpClient client)
    {
        public HttpClient Client => client;
    }

    private sealed class Implementation(HttpClient client) : ITyped
    {
        public HttpClient Client => client;
    }

    private sealed class Stub : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            => Task.FromResult(new HttpResponseMessage { Content = new StringContent("stub"), RequestMessage = request });
    }
}
