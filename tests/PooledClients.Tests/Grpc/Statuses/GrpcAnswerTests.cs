using System.Net;
using Grpc.Core;
using PooledClients.Grpc.Statuses;

namespace PooledClients.Tests.Grpc.Statuses;

public sealed class GrpcAnswerTests
{
    [Theory]
    [InlineData(200, null, null)]
    [InlineData(200, "0", StatusCode.OK)]
    [InlineData(200, "5", StatusCode.NotFound)]
    [InlineData(200, "many", StatusCode.Unknown)]
    [InlineData(503, "5", StatusCode.NotFound)]
    [InlineData(400, null, StatusCode.Internal)]
    [InlineData(401, null, StatusCode.Unauthenticated)]
    [InlineData(403, null, StatusCode.PermissionDenied)]
    [InlineData(404, null, StatusCode.Unimplemented)]
    [InlineData(431, null, StatusCode.Internal)]
    [InlineData(429, null, StatusCode.Unavailable)]
    [InlineData(500, null, StatusCode.Unknown)]
    [InlineData(502, null, StatusCode.Unavailable)]
    [InlineData(503, null, StatusCode.Unavailable)]
    [InlineData(504, null, StatusCode.Unavailable)]
    public void StatusOf_IsWhatTheChannelMakesOfIt(int http, string? header, StatusCode? status)
    {
        using var response = Response(http, header);

        Assert.Equal(status, GrpcAnswer.StatusOf(response));
    }

    [Fact]
    public void Say_ReplacesStatusAndMessage_AndKeepsTheRest()
    {
        using var response = Response(200, "14");
        response.Headers.TryAddWithoutValidation("grpc-message", "down");
        response.Headers.TryAddWithoutValidation("grpc-retry-pushback-ms", "7");

        GrpcAnswer.SetStatus(response, new Status(StatusCode.Unavailable, "100% down: für alle"));
        var failure = GrpcAnswer.FailureOf(response, GrpcAnswer.StatusOf(response)!.Value);

        Assert.Equal("100% down: für alle", failure.Status.Detail);
        Assert.True(response.Headers.GetValues("grpc-message").Single().All(char.IsAscii));
        Assert.Equal("7", failure.Trailers.GetValue("grpc-retry-pushback-ms"));
    }

    private static HttpResponseMessage Response(int http, string? status)
    {
        var response = new HttpResponseMessage((HttpStatusCode)http);
        if (status is not null)
        {
            response.Headers.TryAddWithoutValidation("grpc-status", status);
        }

        return response;
    }
}
