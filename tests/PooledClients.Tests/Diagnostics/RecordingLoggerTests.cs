using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Events;

namespace PooledClients.Tests.Diagnostics;

public sealed class RecordingLoggerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogCollector _log = new();
    private readonly EventLog _events;
    private readonly RecordingLogger<RecordingLoggerTests> _logger;

    public RecordingLoggerTests()
    {
        _events = new EventLog(_time);
        _logger = new RecordingLogger<RecordingLoggerTests>(new LoggerFactory([new FakeLoggerProvider(_log)]), _events, new LogLimiter(_time), LogLevel.Information);
    }

    [Fact]
    public void AddressUnreachable_ManyTimesInAMinute_IsToldOnceAndThenWithACount()
    {
        for (var i = 0; i < 100; i++)
        {
            _logger.AddressUnreachable("https://a", "refused");
        }

        Assert.Equal(["https://a cannot be reached: refused"], Messages());

        _time.Advance(LogLimiter.Interval);
        _logger.AddressUnreachable("https://a", "refused");

        Assert.Equal("https://a cannot be reached: refused (99 more like this since the last one.)", Messages()[^1]);
    }

    [Fact]
    public void AddressUnreachable_OfTwoAddresses_IsToldOfEach()
    {
        _logger.AddressUnreachable("https://a", "refused");
        _logger.AddressUnreachable("https://b", "refused");

        Assert.Equal(2, Messages().Length);
    }

    [Fact]
    public void GenerationReplaced_TwiceInAMinute_IsToldTwice()
    {
        _logger.GenerationReplaced("https://a", 1, "its certificates changed");
        _logger.GenerationReplaced("https://a", 2, "its certificates changed");

        Assert.Equal(2, Messages().Length);
    }

    [Fact]
    public void Capture_OfMoreEventsThanAreKept_HasTheNewestFirst()
    {
        for (var i = 0; i < EventLog.Kept + 50; i++)
        {
            _logger.GenerationReplaced("https://a", i, "test");
        }

        var events = _events.Capture();

        Assert.Equal(EventLog.Kept, events.Count);
        Assert.Contains($"generation {EventLog.Kept + 49})", events[0].Message, StringComparison.Ordinal);
        Assert.Equal(("https://a", 404, "GenerationReplaced", "Information"), (events[0].Target, events[0].Id, events[0].Name, events[0].Level));
    }

    [Fact]
    public void Capture_WithTheLogOff_HasTheEvents()
    {
        var logger = new RecordingLogger<RecordingLoggerTests>(new LoggerFactory(), _events, new LogLimiter(_time), LogLevel.Information);

        logger.AddressUnreachable("https://a", "refused");

        Assert.Single(_events.Capture());
    }

    [Theory]
    [InlineData("http://user:s3cret@proxy:3128/")]
    [InlineData("http://s3cret@proxy:3128/")]
    [InlineData("http://us'er:s3'cret@proxy:3128/")]
    public void AddressUnreachable_WithThePasswordOfAProxy_IsToldWithoutIt(string proxy)
    {
        var reason = $"The proxy tunnel request to proxy '{proxy}' failed with status code '502'.";
        _logger.AddressUnreachable("https://a", reason);
        _time.Advance(LogLimiter.Interval);
        _logger.AddressUnreachable("https://a", reason);

        Assert.All(Messages(), static message => Assert.Contains("to proxy 'http://proxy:3128/' failed", message, StringComparison.Ordinal));
        Assert.All(_events.Capture(), static happened => Assert.Contains("to proxy 'http://proxy:3128/' failed", happened.Message, StringComparison.Ordinal));
        Assert.Equal(4, Messages().Length + _events.Capture().Count);
        Assert.DoesNotContain(_log.GetSnapshot().SelectMany(static record => record.StructuredState!), static value => value.Value?.Contains("cret", StringComparison.Ordinal) == true);
    }

    [Fact]
    public void AddressUnreachable_OfThousandsOfAddresses_IsToldOnceAMinuteOfEach()
    {
        const int Addresses = 3_000;
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < Addresses; i++)
            {
                _logger.AddressUnreachable($"https://{i}", "refused");
            }
        }

        Assert.Equal(Addresses, _log.Count);

        _time.Advance(LogLimiter.Interval);
        _logger.AddressUnreachable("https://7", "refused");

        Assert.Equal("https://7 cannot be reached: refused (2 more like this since the last one.)", Messages()[^1]);
    }

    [Fact]
    public void MayTell_OfMoreTargetsThanAreKept_ForgetsFirstWhereNothingWasHeldBack()
    {
        var limiter = new LogLimiter(_time);
        limiter.MayTell(513, "held", out _);
        limiter.MayTell(513, "held", out _);
        for (var i = 1; i < LogLimiter.MostTargets; i++)
        {
            limiter.MayTell(513, $"{i}", out _);
        }

        _time.Advance(LogLimiter.Interval);
        limiter.MayTell(513, "one more", out _);

        Assert.True(limiter.MayTell(513, "held", out var held));
        Assert.Equal(1, held);
    }

    private string[] Messages() => [.. _log.GetSnapshot().Select(static record => record.Message)];
}
