using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Retries;

namespace PooledClients.Tests.Grpc.Deadlines;

public sealed class GrpcTimeoutHeaderTests
{
    [Theory]
    [InlineData("1H", 3_600_000)]
    [InlineData("2M", 120_000)]
    [InlineData("3S", 3_000)]
    [InlineData("250m", 250)]
    [InlineData("5000u", 5)]
    [InlineData("7000000n", 7)]
    public void Read_EachUnit_IsThatTime(string value, double milliseconds)
    {
        using var request = new HttpRequestMessage();
        request.Headers.TryAddWithoutValidation("grpc-timeout", value);

        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), GrpcTimeoutHeader.Read(request));
    }

    [Theory]
    [InlineData("m")]
    [InlineData("12")]
    [InlineData("-1m")]
    [InlineData("1x")]
    public void Read_NoTimeout_IsNone(string value)
    {
        using var request = new HttpRequestMessage();
        Assert.Null(GrpcTimeoutHeader.Read(request));
        request.Headers.TryAddWithoutValidation("grpc-timeout", value);
        Assert.Null(GrpcTimeoutHeader.Read(request));
    }

    [Theory]
    [InlineData(0.2, "1m")]
    [InlineData(249.1, "250m")]
    [InlineData(99_999_999, "99999999m")]
    [InlineData(100_000_001, "100001S")]
    public void Write_ATime_RoundsUpWithinEightDigits(double milliseconds, string expected)
    {
        using var request = new HttpRequestMessage();
        request.Headers.TryAddWithoutValidation("grpc-timeout", "5S");

        GrpcTimeoutHeader.Write(request, TimeSpan.FromMilliseconds(milliseconds));

        Assert.Equal([expected], request.Headers.GetValues("grpc-timeout"));
    }
}
