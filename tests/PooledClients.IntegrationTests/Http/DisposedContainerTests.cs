using System.Net;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Http;

/// <summary>What becomes of a response that is being read when its container is disposed.</summary>
public class DisposedContainerTests : WatchedTest
{
    [Fact]
    public async Task Read_ContainerDisposedMeanwhile_ComesToTheEnd()
    {
        var rest = new TaskCompletionSource();
        await using var server = new RawHttpServer(async (_, stream) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf"u8.ToArray());
            await rest.Task;
            return "more";
        });
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address);
        using var response = await http.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        await http.DisposeAsync();
        rest.SetResult();

        Assert.Equal("halfmore", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Read_BodyStallsAfterTheDisposal_EndsAtItsDeadline()
    {
        await using var server = new RawHttpServer(_ => "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address, options => options.Deadline = TimeSpan.FromSeconds(1));
        using var response = await http.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        await http.DisposeAsync();

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.IsType<TimeoutException>(error.InnerException);
        await Eventually.HoldsAsync(() => server.Connections == 1);
    }
}
