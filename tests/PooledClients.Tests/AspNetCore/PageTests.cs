using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.Tests.AspNetCore;

public sealed class PageTests
{
    private const string Html = "text/html,application/xhtml+xml,*/*;q=0.8";

    [Theory]
    [InlineData(Html, "text/html")]
    [InlineData("application/json", "application/json")]
    [InlineData("*/*", "text/plain")]
    [InlineData("application/json, text/html;q=0.1", "application/json")]
    [InlineData("text/html;q=0, application/json", "application/json")]
    [InlineData("text/plain, text/html;q=0.5", "text/plain")]
    [InlineData("TEXT/HTML", "text/html")]
    [InlineData("image/png, application/xhtml+xml", "text/html")]
    [InlineData("image/png", "text/plain")]
    [InlineData("nonsense", "text/plain")]
    public async Task Get_ByAccept_AnswersInThatForm(string accept, string type)
    {
        await using var page = await PageFixture.StartAsync(Snapshots.Trouble());

        using var response = await page.GetAsync(accept);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task Get_Json_IsTheSnapshot()
    {
        await using var page = await PageFixture.StartAsync(Snapshots.Trouble());

        using var response = await page.GetAsync(Html, query: "?format=JSON");
        var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;

        Assert.Equal(1, json.GetProperty("schemaVersion").GetInt32());
        Assert.Equal(4, json.GetProperty("channels").GetArrayLength());
    }

    [Fact]
    public async Task Get_Html_HasItsSectionsInTheOrderOfNeedAndNoScript()
    {
        await using var page = await PageFixture.StartAsync(Snapshots.Trouble());

        var html = await page.GetTextAsync(Html);

        Assert.Equal(
            ["TROUBLE", "TIME", "CHANNELS", "CONNECTIONS", "HELD", "WAITS", "CERTIFICATES", "EVENTS", "OPTIONS"],
            Regex.Matches(html, "<h2>(\\w+)</h2>").Select(static match => match.Groups[1].Value));
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch(" (style|on\\w+)=", html);
        Assert.Contains("<svg", html, StringComparison.Ordinal);
        Assert.All(["Too many open files?", "Deadline exceeded?", "Certificate expired?", "Which server is slow?"], question => Assert.Contains(question, html, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Get_WithEndpointsAndBreakers_ShowsThemAfterTheChannels()
    {
        var snapshot = new PooledClientsSnapshot
        {
            CapturedAt = Snapshots.Empty.CapturedAt,
            Descriptors = Snapshots.Empty.Descriptors,
            Endpoints = [new EndpointSnapshot { Service = "https://kv.internal", EndPoint = "10.0.0.7:443", State = "Ejected" }],
            Breakers = [new BreakerSnapshot { Address = "https://api.internal", Kind = "http", State = "Open" }],
        };
        await using var page = await PageFixture.StartAsync(snapshot);

        var html = await page.GetTextAsync(Html);

        Assert.Equal(
            ["CHANNELS", "ENDPOINTS", "BREAKERS", "CONNECTIONS"],
            Regex.Matches(html, "<h2>(\\w+)</h2>").Select(static match => match.Groups[1].Value).Skip(2).Take(4));
        Assert.Contains("10.0.0.7:443", html, StringComparison.Ordinal);
        Assert.Contains("https://api.internal", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_WithNothingToShow_SaysSo()
    {
        await using var page = await PageFixture.StartAsync(Snapshots.Empty);

        Assert.Contains("<p>None.", await page.GetTextAsync(Html), StringComparison.Ordinal);
        Assert.Contains("  None.", await page.GetTextAsync("*/*"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_WithMarkupAndControlCharactersFromOutside_ShowsThemAsText()
    {
        await using var page = await PageFixture.StartAsync(Snapshots.Trouble(outside: "\"'><script>alert(1)</script>\u001b[31m\u202e"));

        Assert.DoesNotContain("<script", await page.GetTextAsync(Html), StringComparison.OrdinalIgnoreCase);
        var text = await page.GetTextAsync("*/*");
        Assert.DoesNotContain('\u001b', text);
        Assert.DoesNotContain('\u202e', text);
    }

    [Fact]
    public async Task Get_WithAHundredChannelsAndFiveHundredConnections_StaysBelow150KilobytesAnd200Rows()
    {
        await using var page = await PageFixture.StartAsync(Snapshots.Trouble(channels: 100, connections: 500));

        var html = await page.GetTextAsync(Html);

        Assert.InRange(html.Length, 10_000, 150_000);
        Assert.All(html.Split("<table>").Skip(1), static table => Assert.InRange(Regex.Count(table, "<tr>"), 2, 201));
        Assert.Contains("200 of 500; the JSON has all.", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_WithADeadServer_NamesAnotherAsTheSlowOne()
    {
        var snapshot = new PooledClientsSnapshot
        {
            CapturedAt = Snapshots.Empty.CapturedAt,
            Descriptors = Snapshots.Empty.Descriptors,
            Methods =
            [
                new MethodSnapshot { Client = "a", Target = "https://dead", Method = "kv/Put", Line = [0, 9, 0], FailedLine = [0, 9, 0], FailedLately = 9, P99 = TimeSpan.FromSeconds(3) },
                new MethodSnapshot { Client = "b", Target = "https://slow", Method = "kv/Put", Line = [9, 9, 9], FailedLine = [0, 3, 0], FailedLately = 3, P99 = TimeSpan.FromSeconds(1) },
            ],
        };
        await using var page = await PageFixture.StartAsync(snapshot);

        Assert.Contains("Which server is slow? https://slow:", await page.GetTextAsync("*/*"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_Html_HasTheOptionsWhole()
    {
        await using var page = await PageFixture.StartAsync(LargestSnapshot.Of("x"));

        Assert.Contains(string.Join("; ", Enumerable.Range(10, 40).Select(static i => $"Option{i} {i}")), await page.GetTextAsync(Html), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'")]
    [InlineData("\u4e2d")]
    [InlineData("\U0001f600")]
    public async Task Get_WithTheLongestNamesAndErrors_StaysBelow150KilobytesWithEachTable(string outside)
    {
        await using var page = await PageFixture.StartAsync(LargestSnapshot.Of(string.Concat(Enumerable.Repeat(outside, 3000))));

        var html = await page.GetTextAsync(Html);

        Assert.InRange(Encoding.UTF8.GetByteCount(html), 100_000, 150_000);
        Assert.Equal(11, Regex.Count(html, "<h2>"));
        Assert.All(html.Split("<table>").Skip(1), static table => Assert.InRange(Regex.Count(table, "<tr>"), 2, 201));
        Assert.Contains("of 500; the JSON has all.", html, StringComparison.Ordinal);
        Assert.EndsWith("</html>", html, StringComparison.Ordinal);
        Assert.DoesNotContain('\ufffd', html);

        var text = await page.GetTextAsync("*/*");

        Assert.InRange(Encoding.UTF8.GetByteCount(text), 50_000, 150_000);
        Assert.Equal(11, Regex.Count(text, "^[A-Z]+$", RegexOptions.Multiline));
        Assert.Contains("of 500; the JSON has all.", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\ufffd', text);
    }

    [Fact]
    public async Task Get_Text_FitsEightyColumns()
    {
        await using var page = await PageFixture.StartAsync(Snapshots.Trouble(channels: 100, connections: 500));

        var text = await page.GetTextAsync("*/*");

        // A word that is longer than a line stands in one of its own.
        Assert.All(text.Split('\n'), static line => Assert.True(line.Length <= 80 || !line.Trim().Contains(' ', StringComparison.Ordinal), line));
        Assert.StartsWith("Pooled clients, 2030-01-01 03:00:00Z\n\nTROUBLE\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("LOCALHOST:5000", HttpStatusCode.OK)]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("[::1]:5000", HttpStatusCode.OK)]
    [InlineData("evil.example", HttpStatusCode.Forbidden)]
    [InlineData("localhost.evil.example", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1.evil.example", HttpStatusCode.Forbidden)]
    [InlineData("10.0.0.7", HttpStatusCode.Forbidden)]
    public async Task Get_WithoutAPolicy_AnswersByLocalNamesOnly(string host, HttpStatusCode expected)
    {
        await using var page = await PageFixture.StartAsync(Snapshots.Trouble());

        using var response = await page.GetAsync(Html, host);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK, (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Contains("kv-0", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Get_WithForwardedHeadersOfALocalRequest_JudgesTheConnection(bool usesMiddleware)
    {
        await using var page = await PageFixture.StartAsync(Snapshots.Trouble(), before: Forwarding(usesMiddleware));

        using var response = await page.GetAsync(Html, "localhost", "", ("X-Forwarded-For", "203.0.113.9"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Get_FromElsewhere_IsRefusedWhateverForwardedHeadersSay()
    {
        // What the middleware for forwarded headers makes of a request, seen from a server that tells no end point: no way to be sure.
        await using var page = await PageFixture.StartAsync(Snapshots.Trouble(), before: static application => application.Use(static (context, next) =>
        {
            context.Features.Set<Microsoft.AspNetCore.Connections.Features.IConnectionEndPointFeature>(new Remote());
            context.Connection.RemoteIpAddress = IPAddress.Loopback;
            return next(context);
        }));

        using var response = await page.GetAsync(Html, "localhost", "", ("X-Forwarded-For", "127.0.0.1"), ("X-Original-For", "127.0.0.1"));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Get_WithAForwardedHostThatIsLocal_IsRefusedByTheHostThatWasAskedFor()
    {
        await using var page = await PageFixture.StartAsync(Snapshots.Trouble(), before: Forwarding(usesMiddleware: true));

        using var response = await page.GetAsync(Html, "evil.example", "", ("X-Forwarded-Host", "localhost"));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Get_WithAPolicy_LeavesItToThePolicy()
    {
        await using var page = await PageFixture.StartAsync(
            Snapshots.Trouble(),
            static builder => builder.Services.AddAuthorizationBuilder().AddPolicy("open", static policy => policy.RequireAssertion(static context =>
                context.Resource is Microsoft.AspNetCore.Http.HttpContext http && http.Request.Headers["X-Key"] == "right")),
            static application => application.UseRouting().UseAuthorization(),
            static endpoint => endpoint.RequireAuthorization("open"));

        using var let = await page.GetAsync(Html, "shop.example", "", ("X-Key", "right"));
        Assert.Equal(HttpStatusCode.OK, let.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(async () => (await page.GetAsync(Html, "localhost")).EnsureSuccessStatusCode());
    }

    private static Action<WebApplication>? Forwarding(bool usesMiddleware) => !usesMiddleware ? null : static application =>
    {
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All };
        application.UseForwardedHeaders(options);
    };

    private sealed class Remote : Microsoft.AspNetCore.Connections.Features.IConnectionEndPointFeature
    {
        public EndPoint? LocalEndPoint { get; set; } = new IPEndPoint(IPAddress.Loopback, 80);

        public EndPoint? RemoteEndPoint { get; set; } = new IPEndPoint(IPAddress.Parse("203.0.113.9"), 1234);
    }
}
