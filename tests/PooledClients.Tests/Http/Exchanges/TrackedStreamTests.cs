using System.Net;

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
}
