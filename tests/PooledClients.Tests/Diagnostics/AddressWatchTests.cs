using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Diagnostics;

namespace PooledClients.Tests.Diagnostics;

public sealed class AddressWatchTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly FakeLogger<AddressWatch> _logger = new();
    private readonly AddressWatch _watch;

    public AddressWatchTests() => _watch = new AddressWatch(_time, _logger);

    [Fact]
    public void AddTo_AfterFailures_TellsSinceWhenWhyAndWhenNext()
    {
        _watch.Failed("https://a", new IOException("refused"), TimeSpan.FromMilliseconds(20));
        _time.Advance(TimeSpan.FromSeconds(11));
        _watch.Failed("https://a", new IOException("timed out"), TimeSpan.FromMilliseconds(200));
        _watch.Explain("https://a", new IOException("unknown authority"));

        var address = Assert.Single(Capture());
        Assert.Equal(("https://a", 2, "unknown authority"), (address.Address, address.Failures, address.LastError));
        Assert.Equal(_time.GetUtcNow().AddSeconds(-11), address.DownSince);
        Assert.Equal(_time.GetUtcNow().AddMilliseconds(200), address.NextTryAt);
    }

    [Fact]
    public void AddTo_WithThePasswordOfAProxy_TellsWithoutIt()
    {
        var failure = new HttpRequestException("The proxy tunnel request to proxy 'http://user:s3cret@proxy:3128/' failed with status code '502'.");
        _watch.Failed("https://a", failure, TimeSpan.Zero);
        Assert.Equal("The proxy tunnel request to proxy 'http://proxy:3128/' failed with status code '502'.", Assert.Single(Capture()).LastError);

        _watch.Explain("https://a", failure);
        Assert.Equal("The proxy tunnel request to proxy 'http://proxy:3128/' failed with status code '502'.", Assert.Single(Capture()).LastError);
    }

    [Fact]
    public void Reached_AfterFailures_SaysHowLongItTook()
    {
        _watch.Failed("https://a", new IOException("refused"), TimeSpan.Zero);
        _time.Advance(TimeSpan.FromSeconds(3));

        _watch.Reached("https://a");
        _watch.Reached("https://a");

        Assert.Empty(Capture());
        Assert.Equal("https://a can be reached again, after 3 s and 1 failed tries.", _logger.Collector.GetSnapshot()[^1].Message);
        Assert.Equal(2, _logger.Collector.Count);
    }

    [Fact]
    public void Failed_MoreAddressesThanAreKept_KeepsThoseThatWereTriedLast()
    {
        for (var i = 0; i <= 1_000; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _watch.Failed($"https://{i}", new IOException("refused"), TimeSpan.Zero);
        }

        Assert.Equal(1_000, Capture().Count);
        Assert.DoesNotContain(Capture(), static address => address.Address == "https://0");
        Assert.Contains(Capture(), static address => address.Address == "https://1000");
    }

    private List<AddressSnapshot> Capture()
    {
        var builder = new SnapshotBuilder();
        _watch.AddTo(builder);
        return builder.Unreachable;
    }
}
