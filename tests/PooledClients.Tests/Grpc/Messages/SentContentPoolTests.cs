using System.Net.Http.Headers;
using PooledClients.Grpc.Messages;
using PooledClients.Grpc.Retries;

namespace PooledClients.Tests.Grpc.Messages;

public sealed class SentContentPoolTests
{
    private static readonly MediaTypeHeaderValue GrpcType = new("application/grpc");

    private readonly SentContentPool _pool = new();

    [Fact]
    public async Task Rent_AfterAnAnsweredCall_IsTheSameContentWithTheNewMessage()
    {
        var first = await SendAsync("first");
        _pool.Return(first.Request, first.Content);

        using var request = Message("second");
        var second = _pool.Rent(request.Content!);

        Assert.Same(first.Content, second);
        Assert.False(second.IsPending);
        second.Reset();
        Assert.True(second.IsPending);
        Assert.False(second.IsComplete);
        Assert.Equal("application/grpc", second.Headers.ContentType!.MediaType);
        Assert.Equal("second", await second.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("first", await first.Request.Content!.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Return_NeverAskedFor_IsNotUsedAgain()
    {
        using var request = Message("first");
        var content = _pool.Rent(request.Content!);
        _pool.Return(request, content);

        AssertNotRentedAgain(content);
    }

    // The runtime sends a refused request again by itself: a first writing may not have ended.
    [Fact]
    public async Task Return_WrittenTwice_IsNotUsedAgain()
    {
        var (request, content) = await SendAsync("first");
        await content.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        _pool.Return(request, content);

        AssertNotRentedAgain(content);
    }

    [Theory]
    [InlineData("application/grpc-web", null)]
    [InlineData("application/grpc", "gzip")]
    public async Task Rent_ForOtherHeaders_SendsThose(string type, string? encoding)
    {
        var (request, content) = await SendAsync("first");
        _pool.Return(request, content);

        using var other = Message("second");
        other.Content!.Headers.ContentType = new MediaTypeHeaderValue(type);
        other.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        var second = _pool.Rent(other.Content);

        Assert.Equal(type, second.Headers.ContentType!.MediaType);
        Assert.Equal(encoding is null ? [] : [encoding], second.Headers.ContentEncoding);
    }

    [Fact]
    public async Task RentAndReturn_ByManyThreads_NeverGivesOneContentToTwoCalls()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(
            async () =>
            {
                for (var i = 0; i < 5_000; i++)
                {
                    var text = $"{worker}/{i}";
                    using var request = Message(text);
                    var content = _pool.Rent(request.Content!);
                    request.Content = content;
                    using var written = new MemoryStream();
                    await content.CopyToAsync(written, cancellationToken);
                    Assert.Equal(text, System.Text.Encoding.UTF8.GetString(written.ToArray()));
                    _pool.Return(request, content);
                }
            },
            cancellationToken)));
    }

    private static HttpRequestMessage Message(string text)
    {
        var request = new HttpRequestMessage { Content = new StringContent(text) };
        request.Content.Headers.ContentType = GrpcType;
        return request;
    }

    private async Task<(HttpRequestMessage Request, SentContent Content)> SendAsync(string text)
    {
        var request = Message(text);
        var content = _pool.Rent(request.Content!);
        request.Content = content;
        await content.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        return (request, content);
    }

    private void AssertNotRentedAgain(SentContent content)
    {
        using var request = Message("second");
        Assert.NotSame(content, _pool.Rent(request.Content!));
    }
}
