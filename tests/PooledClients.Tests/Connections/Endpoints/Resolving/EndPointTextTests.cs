using System.Net;
using PooledClients.Connections.Endpoints.Resolving;

namespace PooledClients.Tests.Connections.Endpoints.Resolving;

public sealed class EndPointTextTests
{
    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1:443")]
    [InlineData("10.0.0.1:9101", "10.0.0.1:9101")]
    [InlineData("::1", "[::1]:443")]
    [InlineData("[::1]:9101", "[::1]:9101")]
    [InlineData("a.internal", "Unspecified/a.internal:443")]
    [InlineData("a.internal:80", "Unspecified/a.internal:80")]
    public void TryParse_AnEndpoint_IsIt(string text, string expected)
    {
        Assert.True(EndPointText.TryParse(text, 443, out var endPoint));
        Assert.Equal(expected, endPoint.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    [InlineData("https://a.internal")]
    [InlineData("a.internal:99999")]
    [InlineData("a.internal:0")]
    [InlineData("user@a.internal")]
    [InlineData("a.internal/path")]
    [InlineData("a.internal?x")]
    [InlineData("9101")]
    [InlineData(":9101")]
    public void TryParse_AnythingElse_IsNone(string? text)
    {
        Assert.False(EndPointText.TryParse(text, 443, out var endPoint));
        Assert.Null(endPoint);
    }
}
