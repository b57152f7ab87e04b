using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.TestBed.Files;
using PooledClients.Tls;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Tests.Tls;

/// <summary>
/// What happens when one file's system hangs, or one file's change ends in a surprise. Both are brought about where a file's look ends, in
/// the log line that tells of it: it stands for the read.
/// </summary>
public sealed class TlsRegistryTroubleTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TroubledLog _log = new();
    private readonly ServiceProvider _services;

    public TlsRegistryTroubleTests() => _services = new ServiceCollection()
        .AddMetrics()
        .AddSingleton(TimeProvider.System)
        .AddSingleton<CertificateInventory>()
        .AddSingleton<TlsMetrics>()
        .AddSingleton<TlsRegistry>()
        .AddSingleton<TlsSnapshotSource>()
        .AddLogging(builder => builder.AddProvider(_log))
        .BuildServiceProvider();

    private TlsRegistry Registry => _services.GetRequiredService<TlsRegistry>();

    public void Dispose()
    {
        _log.Release();
        _services.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Poll_OneFileHangs_OthersAndTheSnapshotGoOn()
    {
        var hung = Context("hung.pem");
        var told = 0;
        using var subscription = Context("other.pem").OnChange(() => Interlocked.Increment(ref told));
        _log.Hang(line => line.Contains("hung.pem changed", StringComparison.Ordinal));
        _folder.Write("hung.pem", TlsHarness.Bundle("two"));
        _folder.Write("other.pem", TlsHarness.Bundle("two"));

        Eventually(() => _log.Hangs && Volatile.Read(ref told) == 1);

        var seen = Task.Run(
            () =>
            {
                var snapshot = new SnapshotBuilder();
                _services.GetRequiredService<TlsSnapshotSource>().AddTo(snapshot);
                Context("third.pem");
                return snapshot.CertificateFiles.Count;
            },
            TestContext.Current.CancellationToken);
        Assert.Equal(2, await seen.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));

        _log.Release();
        Eventually(() => hung.Trust!.Certificates[0].Subject == "CN=two");
    }

    [Fact]
    public async Task GetOrAdd_FirstReadOfAFileHangs_OthersAndTheSnapshotGoOn()
    {
        _log.Hang(static line => line.Contains("hung.pem", StringComparison.Ordinal));
        var hung = Task.Run(() => Context("hung.pem"), TestContext.Current.CancellationToken);
        Eventually(() => _log.Hangs);

        await Task.Run(() => Context("other.pem"), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await Task.Run(() => Assert.Single(Registry.CaptureFiles()), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(1, Registry.CaReads);

        _log.Release();
        await hung.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Poll_OneFileEndsInASurprise_OthersAreToldAndItIsTriedAgain()
    {
        var told = 0;
        var surprised = 0;
        var context = Context("bad.pem");
        using var one = context.OnChange(() => Interlocked.Increment(ref surprised));
        using var other = Context("good.pem").OnChange(() => Interlocked.Increment(ref told));
        _log.Throw(static line => line.Contains("bad.pem changed:", StringComparison.Ordinal));
        _folder.Write("bad.pem", TlsHarness.Bundle("two"));
        _folder.Write("good.pem", TlsHarness.Bundle("two"));

        Eventually(() => Volatile.Read(ref told) == 1 && Registry.CaptureFiles().Any(static files => files.Refusals == 1));
        Assert.Equal(0, surprised);

        _log.Release();
        Eventually(() => Volatile.Read(ref surprised) == 1);
    }

    [Fact]
    public void HandOn_CallbackFails_IsShownAndTriedAgainUntilItDoesNot()
    {
        var fails = true;
        var calls = 0;
        var context = Context("ca.pem");
        using var subscription = context.OnChange(() =>
        {
            Interlocked.Increment(ref calls);
            _ = Volatile.Read(ref fails) ? throw new InvalidOperationException("the adjustment failed") : 0;
        });
        _folder.Write("ca.pem", TlsHarness.Bundle("two"));

        Eventually(() => HandOverFailure() == "the adjustment failed");
        Eventually(() => Volatile.Read(ref calls) >= 2);
        Assert.Single(_log.Lines, static line => line.Contains("could not be handed on;", StringComparison.Ordinal));

        Volatile.Write(ref fails, false);
        Eventually(() => HandOverFailure() is null);
        Eventually(() => _log.Lines.Any(static line => line.Contains("is in use now", StringComparison.Ordinal)));

        string? HandOverFailure()
        {
            var snapshot = new SnapshotBuilder();
            _services.GetRequiredService<TlsSnapshotSource>().AddTo(snapshot);
            return Assert.Single(snapshot.CertificateFiles).HandOverFailure;
        }
    }

    // A logger that fails as it is told of it loses the others nothing.
    [Fact]
    public void HandOn_CallbackAndItsLogLineFail_TellsTheOthersAll()
    {
        var told = 0;
        var context = Context("ca.pem");
        using var bad = context.OnChange(static () => throw new InvalidOperationException("the adjustment failed"));
        using var good = context.OnChange(() => Interlocked.Increment(ref told));
        using var other = Context("other.pem").OnChange(() => Interlocked.Increment(ref told));
        _log.Throw(static line => line.Contains("could not be handed on", StringComparison.Ordinal) || line.Contains("other.pem changed:", StringComparison.Ordinal));
        _folder.Write("ca.pem", TlsHarness.Bundle("two"));
        _folder.Write("other.pem", TlsHarness.Bundle("two"));

        Eventually(() => Volatile.Read(ref told) == 1);

        _log.Release();
        Eventually(() => Volatile.Read(ref told) >= 2);
    }

    private static void Eventually(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(30)));

    private TlsContext Context(string name)
    {
        var path = _folder.PathOf(name);
        if (!File.Exists(path))
        {
            _folder.Write(name, TlsHarness.Bundle("one"));
        }

        return Registry.GetOrAdd(new TlsOptions { CaCertificatePath = path, ReloadInterval = TimeSpan.FromSeconds(1) });
    }

    /// <summary>A log whose lines hang or throw as long as the test wants it.</summary>
    private sealed class TroubledLog : ILoggerProvider, ILogger
    {
        private readonly ManualResetEventSlim _released = new(initialState: true);
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();
        private volatile Func<string, bool> _hangs = static _ => false;
        private volatile Func<string, bool> _throws = static _ => false;
        private volatile bool _isHung;

        public bool Hangs => _isHung;

        public IReadOnlyCollection<string> Lines => _lines;

        public void Hang(Func<string, bool> lines)
        {
            _released.Reset();
            _hangs = lines;
        }

        public void Throw(Func<string, bool> lines) => _throws = lines;

        public void Release()
        {
            _throws = static _ => false;
            _hangs = static _ => false;
            _released.Set();
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = formatter(state, exception);
            _lines.Enqueue(line);
            if (_hangs(line))
            {
                _isHung = true;
                _released.Wait();
            }

            if (_throws(line))
            {
                throw new NotSupportedException("a surprise");
            }
        }

        public void Dispose()
        {
            // The container disposes its providers; the lines are asked for afterwards.
        }
    }
}
