using System.Net;
using PooledClients.Grpc.Statuses;

namespace PooledClients.Tests.Grpc.Statuses;

public sealed class GrpcFailureTests
{
    [Theory]
    [InlineData(HttpStatusCode.OK, null, "Answered")]
    [InlineData(HttpStatusCode.OK, "0", "Answered")]
    [InlineData(HttpStatusCode.OK, "5", "Answered")]
    [InlineData(HttpStatusCode.OK, "13", "Answered")]
    [InlineData(HttpStatusCode.OK, "14", "Failed")]
    [InlineData(HttpStatusCode.NotFound, null, "Answered")]
    [InlineData(HttpStatusCode.InternalServerError, null, "Answered")]
    [InlineData(HttpStatusCode.TooManyRequests, null, "Failed")]
    [InlineData(HttpStatusCode.BadGateway, null, "Failed")]
    [InlineData(HttpStatusCode.ServiceUnavailable, null, "Failed")]
    [InlineData(HttpStatusCode.GatewayTimeout, null, "Failed")]
    public void Classify_Response_FailedOnlyWhenUnavailable(HttpStatusCode http, string? grpc, string expected)
    {
        using var response = new HttpResponseMessage(http);
        if (grpc is not null)
        {
            response.Headers.TryAddWithoutValidation("grpc-status", grpc);
        }

        Assert.Equal(expected, GrpcFailure.Classify(response).ToString());
    }
}
