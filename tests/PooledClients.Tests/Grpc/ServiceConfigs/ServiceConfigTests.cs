using Grpc.Core;
using PooledClients.Grpc.Methods;
using PooledClients.Grpc.ServiceConfigs;

namespace PooledClients.Tests.Grpc.ServiceConfigs;

public sealed class ServiceConfigTests
{
    [Theory]
    [InlineData("a.S", "M", 1)]
    [InlineData("a.S", "Other", 2)]
    [InlineData("b.T", "M", 3)]
    public void Find_ByName_TheMostSpecificDecidesAlone(string service, string method, int seconds)
    {
        var config = ServiceConfig.Parse("""
            { "methodConfig": [
                { "name": [{}], "timeout": "3s" },
                { "name": [{ "service": "a.S" }], "timeout": "2s" },
                { "name": [{ "service": "a.S", "method": "M" }], "timeout": "1s" } ],
              "loadBalancingConfig": [{ "round_robin": {} }] }
            """);

        Assert.Equal(TimeSpan.FromSeconds(seconds), config.Find(service, method)?.Timeout);
    }

    [Fact]
    public void Parse_EveryField_IsRead()
    {
        var method = ServiceConfig.Parse("""
            { "methodConfig": [{
                "name": [{ "service": "S" }],
                "timeout": "1.5s", "waitForReady": true, "maxRequestMessageBytes": "100", "maxResponseMessageBytes": 200,
                "retryPolicy": {
                    "maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 1.5,
                    "retryableStatusCodes": ["UNAVAILABLE", "deadline_exceeded", 10] } }] }
            """).Find("S", "M")!;

        Assert.Equal((TimeSpan.FromSeconds(1.5), true, 100, 200), (method.Timeout, method.WaitForReady, method.MaxRequestMessageBytes, method.MaxResponseMessageBytes));
        var policy = method.RetryPolicy!;
        Assert.Equal((4, 0.1, 1, 1.5), (policy.MaxAttempts, policy.InitialBackoff.TotalSeconds, policy.MaxBackoff.TotalSeconds, policy.BackoffMultiplier));
        Assert.Equal([StatusCode.DeadlineExceeded, StatusCode.Aborted, StatusCode.Unavailable], policy.Statuses!.Order());
    }

    // In JSON of protocol buffers a null is a field that is not there.
    [Fact]
    public void Parse_RetryPolicyIsNull_IsNone() =>
        Assert.Null(ServiceConfig.Parse("""{ "methodConfig": [{ "name": [{}], "timeout": "1s", "retryPolicy": null }] }""").Find("S", "M")!.RetryPolicy);

    private const string Generous = """
        { "retryThrottling": { "maxTokens": 10, "tokenRatio": 0.1 },
          "methodConfig": [{ "name": [{}], "retryPolicy": {
            "maxAttempts": 10, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"] } }] }
        """;

    // gRFC A6: more than five are treated as five, which is no error.
    [Fact]
    public void Parse_MoreThanFiveAttempts_AreFive()
    {
        var config = ServiceConfig.Parse(Generous);

        Assert.Equal(5, config.Find("S", "M")!.RetryPolicy!.MaxAttempts);
        Assert.Contains(config.Notes, note => note.Contains("counts as 5", StringComparison.Ordinal));
    }

    [Fact]
    public void WarningsOf_WhatIsNotTaken_NamesItOnce()
    {
        var notes = WarningsOf(Generous);

        Assert.Single(notes, note => note.StartsWith("$.retryThrottling is not taken", StringComparison.Ordinal));
        Assert.Single(notes, note => note.Contains("maxAttempts is 10, and counts as 5", StringComparison.Ordinal));
        Assert.Single(notes, "the retryPolicy of rocksdb.v1.KeyValue/Load is not taken: its requests are a stream, which is handed over once");
        Assert.DoesNotContain(notes, note => note.Contains("KeyValue/Get", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(5, null)]
    [InlineData(3, "the maxAttempts of the retryPolicy of all methods, 5, count as 3: Resilience:Retry:MaxAttempts allows no more")]
    [InlineData(1, "the retryPolicy of all methods is not taken: Resilience:Retry:MaxAttempts is 1")]
    public void WarningsOf_AttemptsOverTheClients_SaysThatTheyAreLowered(int mostAttempts, string? warning) =>
        Assert.Equal(warning, WarningsOf(Generous, mostAttempts).SingleOrDefault(static note => note.Contains("Resilience:Retry:MaxAttempts", StringComparison.Ordinal)));

    private static string[] WarningsOf(string json, int mostAttempts = 5)
    {
        var options = new PooledGrpcClientOptions { ServiceConfig = json };
        options.Resilience.Retry.MaxAttempts = mostAttempts;
        return [.. MethodPolicies.WarningsOf(options, typeof(RocksDb.V1.KeyValue.KeyValueClient), descriptor: null)];
    }

    [Theory]
    [InlineData("[]", "$: ")]
    [InlineData("{", "not valid JSON")]
    [InlineData("""{ "methodConfig": {} }""", "$.methodConfig: an array")]
    [InlineData("""{ "methodConfig": [1] }""", "$.methodConfig[0]: an object")]
    [InlineData("""{ "methodConfig": [{ "name": [{ "method": "M" }] }] }""", "$.methodConfig[0].name[0].method: a method needs its service")]
    [InlineData("""{ "methodConfig": [{ "name": [{}, {}] }] }""", "$.methodConfig[0].name[1]: the name has a config already")]
    [InlineData("""{ "methodConfig": [{ "timeout": "1m" }] }""", "$.methodConfig[0].timeout: \"1m\" is no duration")]
    [InlineData("""{ "methodConfig": [{ "timeout": 1 }] }""", "$.methodConfig[0].timeout: 1 is no duration")]
    [InlineData("""{ "methodConfig": [{ "waitForReady": "yes" }] }""", "$.methodConfig[0].waitForReady: true or false")]
    [InlineData("""{ "methodConfig": [{ "maxRequestMessageBytes": -1 }] }""", "$.methodConfig[0].maxRequestMessageBytes: a whole number")]
    [InlineData("""{ "methodConfig": [{ "retryPolicy": {} }] }""", "$.methodConfig[0].retryPolicy.maxAttempts: a whole number of at least 2")]
    [InlineData("""{ "methodConfig": [{ "retryPolicy": { "initialBackoff": "0s" } }] }""", "$.methodConfig[0].retryPolicy.initialBackoff: a duration above 0")]
    [InlineData("""{ "methodConfig": [{ "retryPolicy": { "retryableStatusCodes": ["NOPE"] } }] }""", "$.methodConfig[0].retryPolicy.retryableStatusCodes[0]: \"NOPE\" is no gRPC status")]
    public void Parse_Wrong_SaysWhere(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => ServiceConfig.Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_SeveralErrors_NamesThemAll()
    {
        var (_, errors) = ServiceConfigParser.Parse("""{ "methodConfig": [{ "timeout": "x", "waitForReady": 1 }, 2] }""");

        Assert.Equal(3, errors.Count);
    }

    [Theory]
    [InlineData("1s", 1)]
    [InlineData("0.000000001s", 0.0000001)]
    [InlineData("1.5s", 1.5)]
    [InlineData("-2s", -2)]
    [InlineData("315576000000s", 315576000000)]
    public void Duration_Valid_IsRead(string text, double seconds)
    {
        Assert.True(Proto3Duration.TryParse(text, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds, 7);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("1")]
    [InlineData("1 s")]
    [InlineData("1.s")]
    [InlineData("1,5s")]
    [InlineData("1e3s")]
    [InlineData("0.0000000001s")]
    [InlineData("99999999999999999999s")]
    public void Duration_Invalid_IsRefused(string? text) => Assert.False(Proto3Duration.TryParse(text, out _));
}
