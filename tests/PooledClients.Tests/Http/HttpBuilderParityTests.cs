using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Http.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace PooledClients.Tests.Http;

/// <summary>What composes with a client of <c>IHttpClientFactory</c> composes with a pooled one: both make one request, and what is seen is compared.</summary>
public sealed class HttpBuilderParityTests
{
    public static TheoryData<string> Extensions =>
    [
        "AddHttpMessageHandler", "ConfigureHttpClient", "ConfigureHttpMessageHandlerBuilder", "ConfigureAdditionalHttpMessageHandlers", "AddTypedClient",
        "AddAsKeyed", "RemoveAsKeyed", "RedactLoggedHeaders", "AddLogger", "AddDefaultLogger", "RemoveAllLoggers", "UseSocketsHttpHandler", "Configure", "ConfigureHttpClientDefaults",
        "HttpMessageHandlerBuilderActions", "ShouldRedactHeaderValue", "SuppressHandlerScope",
    ];

    [Theory]
    [MemberData(nameof(Extensions))]
    public async Task Extension_OfTheBuilder_DoesOnAPooledClientWhatItDoesOnAPlainOne(string extension)
    {
        var plain = await SeeAsync(extension, static services => services.AddHttpClient("client"));
        var pooled = await SeeAsync(extension, static services => services.AddPooledHttpClient("client"));

        Assert.NotEmpty(plain);
        Assert.Equal(plain, pooled);
    }

    private static async Task<List<string>> SeeAsync(string extension, Func<IServiceCollection, IHttpClientBuilder> add)
    {
        var seen = new ConcurrentQueue<string>();
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddFakeLogging().SetMinimumLevel(LogLevel.Trace));
        services.AddSingleton<Single>();
        var builder = add(services).ConfigurePrimaryHttpMessageHandler(() => new Server(seen));
        Configure(extension, builder, seen);
        await using var provider = services.BuildServiceProvider();
        using var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("client");
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://server/") { Headers = { { "secret", "value" } } };
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        seen.Enqueue($"answer {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        seen.Enqueue($"keyed {provider.GetKeyedService<HttpClient>("client") is not null && extension == "AddAsKeyed"}");
        seen.Enqueue($"typed {provider.GetService<Typed>()?.Client.DefaultRequestHeaders.Contains("typed")}");
        foreach (var record in provider.GetFakeLogCollector().GetSnapshot().Where(static record => record.Category!.StartsWith("System.Net.Http.HttpClient.", StringComparison.Ordinal)))
        {
            var state = string.Join(" ", record.Message.Split(' ', '\n').Where(static word => !word.EndsWith("ms", StringComparison.Ordinal)));
            seen.Enqueue($"{record.Category} {record.Level} {record.Id.Name} {state}");
        }

        return [.. seen];
    }

    private static void Configure(string extension, IHttpClientBuilder builder, ConcurrentQueue<string> seen)
    {
        _ = extension switch
        {
            "AddHttpMessageHandler" => builder.AddHttpMessageHandler(() => new Passing("first", seen)).AddHttpMessageHandler(() => new Passing("second", seen)),
            "ConfigureHttpClient" => builder.ConfigureHttpClient(client => client.DefaultRequestHeaders.Add("own", "header")),
#pragma warning disable CS0618 // Obsolete there, and in use all the same.
            "ConfigureHttpMessageHandlerBuilder" => builder.ConfigureHttpMessageHandlerBuilder(handlers => handlers.AdditionalHandlers.Add(new Passing("built", seen))),
#pragma warning restore CS0618
            "ConfigureAdditionalHttpMessageHandlers" => builder.AddHttpMessageHandler(() => new Passing("removed", seen)).ConfigureAdditionalHttpMessageHandlers((handlers, _) =>
            {
                seen.Enqueue($"handlers {handlers.Count}");
                handlers.Clear();
                handlers.Add(new Passing("instead", seen));
            }),
            "AddTypedClient" => builder.ConfigureHttpClient(client => client.DefaultRequestHeaders.Add("typed", "yes")).AddTypedClient(client => new Typed(client)),
            "AddAsKeyed" => builder.AddAsKeyed(ServiceLifetime.Singleton),
            "RemoveAsKeyed" => builder.RemoveAsKeyed(),
            "RedactLoggedHeaders" => builder.RedactLoggedHeaders(["secret"]),
            "AddLogger" => builder.RemoveAllLoggers().AddLogger(_ => new OwnLogger(seen)),
            "AddDefaultLogger" => builder.RemoveAllLoggers().AddDefaultLogger(),
            "RemoveAllLoggers" => builder.RemoveAllLoggers(),
            "UseSocketsHttpHandler" => builder.UseSocketsHttpHandler((handler, _) => handler.ConnectCallback = (context, _) =>
            {
                seen.Enqueue($"connect {context.DnsEndPoint.Host}");
                return ValueTask.FromResult<Stream>(new Answer());
            }),
            "Configure" => builder.UseSocketsHttpHandler(primary => primary.Configure((handler, _) => handler.ConnectCallback = (context, _) =>
            {
                seen.Enqueue($"connect by Configure {context.DnsEndPoint.Host}");
                return ValueTask.FromResult<Stream>(new Answer());
            })),
            "ConfigureHttpClientDefaults" => Defaults(builder, seen),
            "ShouldRedactHeaderValue" => ConfigureOptions(builder, options => options.ShouldRedactHeaderValue = header => header == "secret"),
            "SuppressHandlerScope" => ConfigureOptions(builder, options => options.SuppressHandlerScope = true).AddHttpMessageHandler(services =>
            {
                seen.Enqueue($"service {services.GetRequiredService<Single>() is not null}");
                return new Passing("suppressed", seen);
            }),
            _ => ConfigureOptions(builder, options => options.HttpMessageHandlerBuilderActions.Add(handlers => handlers.AdditionalHandlers.Add(new Passing("action", seen)))),
        };
    }

    private static IHttpClientBuilder Defaults(IHttpClientBuilder builder, ConcurrentQueue<string> seen)
    {
        builder.Services.ConfigureHttpClientDefaults(all => all.AddHttpMessageHandler(() => new Passing("default", seen)).ConfigureHttpClient(static client => client.DefaultRequestHeaders.Add("own", "default")));
        return builder;
    }

    private static IHttpClientBuilder ConfigureOptions(IHttpClientBuilder builder, Action<HttpClientFactoryOptions> configure)
    {
        builder.Services.Configure(builder.Name, configure);
        return builder;
    }

    private sealed class Single;

    private sealed record Typed(HttpClient Client);

    private sealed class Passing(string name, ConcurrentQueue<string> seen) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            seen.Enqueue($"handler {name}");
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class Server(ConcurrentQueue<string> seen) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            seen.Enqueue($"server {string.Join(",", request.Headers.Where(static header => header.Key is "own" or "typed" or "secret").Select(static header => header.Key).Order(StringComparer.Ordinal))}");
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request, Content = new StringContent("here") });
        }
    }

    /// <summary>A connection that answers one request, whatever it is.</summary>
    private sealed class Answer() : MemoryStream("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere"u8.ToArray(), writable: false)
    {
        public override bool CanWrite => true;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
        }
    }

    private sealed class OwnLogger(ConcurrentQueue<string> seen) : IHttpClientLogger
    {
        public object? LogRequestStart(HttpRequestMessage request)
        {
            seen.Enqueue("log start");
            return null;
        }

        public void LogRequestStop(object? context, HttpRequestMessage request, HttpResponseMessage response, TimeSpan elapsed) => seen.Enqueue("log stop");

        public void LogRequestFailed(object? context, HttpRequestMessage request, HttpResponseMessage? response, Exception exception, TimeSpan elapsed) => seen.Enqueue("log failed");
    }
}
