using System.Net;
using Microsoft.Extensions.Time.Testing;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That a body which is read as a stream lives as long as it brings something, or to a deadline of streams.</summary>
public class StreamingDeadlineTests : WatchedTest
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Read_StreamThatBringsSomething_OutlivesTheDeadline(string version)
    {
        await using var server = await new HttpApi().StartAsync(Version.Parse(version));
        await using var http = Create(server, version);
        using var response = await GetAsync(http, "/chunked");
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);

        var text = "";
        var buffer = new byte[1];
        while (await body.ReadAsync(buffer, TestContext.Current.CancellationToken) == 1)
        {
            text += (char)buffer[0];
            _time.Advance(Deadline - TimeSpan.FromSeconds(1));
        }

        Assert.Equal("thequickbrownfox", text);
        Assert.Equal(0, http.Registry.Open);
    }

    [Fact]
    public async Task CopyTo_LongDownload_OutlivesTheDeadline()
    {
        await using var server = await new HttpApi().StartAsync(HttpVersion.Version11);
        await using var http = Create(server, "1.1");
        using var response = await GetAsync(http, "/big");
        using var destination = new SlowStream(() => _time.Advance(Deadline - TimeSpan.FromSeconds(1)));

        await response.Content.CopyToAsync(destination, TestContext.Current.CancellationToken);

        Assert.True(destination.Writes > 1);
    }

    [Theory]
    [InlineData("1.1", true)]
    [InlineData("2.0", true)]
    [InlineData("1.1", false)]
    [InlineData("2.0", false)]
    public async Task Read_WorkThatIsCancelled_IsCancelledAndStaysSo(string version, bool buffered)
    {
        await using var server = await new HttpApi().StartAsync(Version.Parse(version));
        await using var http = Create(server, version);
        using var aborted = new CancellationTokenSource();
        using var work = CallDeadline.Begin(DateTime.MaxValue, aborted.Token);
        using var response = await GetAsync(http, "/stall");
        var body = buffered ? null : await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await (body?.ReadExactlyAsync(new byte[HttpApi.Text.Length], TestContext.Current.CancellationToken) ?? ValueTask.CompletedTask);

        Task reading = body is null ? response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken) : body.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask();
        await aborted.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        if (body is not null)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => body.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask());
        }
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Read_StreamThatNobodyReadsOn_EndsAfterADeadline(string version)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        await using var http = Create(server, version);
        using var response = await GetAsync(http, "/stall");
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(1, await body.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(0, api.Aborted);

        _time.Advance(TimeSpan.FromSeconds(1));

        await Eventually.EqualAsync(1, () => api.Aborted);
        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => body.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask());
        Assert.Contains("was not read for 5 s", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, http.Registry.Open);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(4)]
    public async Task StreamingDeadline_Passes_EndsTheStream(int seconds)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = Create(server, "1.1", options => options.StreamingDeadline = TimeSpan.FromSeconds(seconds));
        using var response = await GetAsync(http, "/stall");
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        for (var second = 0; second < seconds; second += 2)
        {
            Assert.Equal(1, await body.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
            _time.Advance(TimeSpan.FromSeconds(2));
        }

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => body.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask());
        Assert.IsType<TimeoutException>(error.InnerException);
        Assert.Contains($"passed its deadline of {seconds} s", error.Message, StringComparison.Ordinal);
        await Eventually.EqualAsync(1, () => api.Aborted);
    }

    [Fact]
    public async Task StreamingDeadline_WithoutDeadline_EndsTheStream()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = Create(server, "1.1", options =>
        {
            options.Deadline = null;
            options.StreamingDeadline = TimeSpan.FromSeconds(3);
        });
        using var response = await GetAsync(http, "/stall");
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await body.ReadAsync(new byte[1], TestContext.Current.CancellationToken));

        _time.Advance(TimeSpan.FromSeconds(3));

        await Eventually.EqualAsync(1, () => api.Aborted);
    }

    [Fact]
    public async Task Deadline_OfTheRequest_HoldsForTheStream()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = Create(server, "1.1");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/stall");
        request.Options.Set(PooledHttpRequestOptions.Deadline, TimeSpan.FromSeconds(3));
        using var response = await http.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, await body.ReadAsync(new byte[1], TestContext.Current.CancellationToken));

        _time.Advance(TimeSpan.FromSeconds(1));

        await Eventually.EqualAsync(1, () => api.Aborted);
    }

    private HttpFixture Create(TestServer server, string version, Action<PooledHttpClientOptions>? configure = null)
        => new(Log, Version.Parse(version), server.Address, options =>
        {
            options.Deadline = Deadline;
            configure?.Invoke(options);
        }, time: _time);

    private static Task<HttpResponseMessage> GetAsync(HttpFixture http, string path)
        => http.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

    /// <summary>A destination that takes its time over each write.</summary>
    private sealed class SlowStream(Action wait) : MemoryStream
    {
        public int Writes { get; private set; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            wait();
            await base.WriteAsync(buffer, cancellationToken);
        }
    }
}
