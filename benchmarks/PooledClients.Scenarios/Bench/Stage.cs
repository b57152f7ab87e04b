using System.Text.Json.Nodes;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Measuring;
using PooledClients.Scenarios.Processes;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Bench;

/// <summary>
/// What one contender needs in one scenario: a temporary folder, certificates, processes. All of it is gone when it is disposed.
/// </summary>
internal sealed class Stage : IAsyncDisposable
{
    /// <summary>The limit of descriptors that a contender lives under: the usual soft limit of a Linux shell.</summary>
    public const int DescriptorLimit = 1024;

    private readonly List<IAsyncDisposable> _processes = [];
    private readonly List<IDisposable> _watches = [];
    private readonly TemporaryFolder _folder = new();
    private Certificates? _clientCertificates;
    private int _stores;

    public Stage(Scenario scenario, Contender contender, BenchOptions options)
    {
        Scenario = scenario;
        Contender = contender;
        Options = options;
        Certificates = new Certificates(_folder.Path);
        ServerCertificate = Certificates.IssueServer("server");
    }

    public Scenario Scenario { get; }

    public Contender Contender { get; }

    public BenchOptions Options { get; }

    public Certificates Certificates { get; }

    public CertificateFiles ServerCertificate { get; }

    /// <summary>Gets the authority of the clients, for the scenarios in which they identify themselves.</summary>
    public Certificates ClientCertificates => _clientCertificates ??= new Certificates(_folder.Path, "clients");

    /// <summary>Gets the contender's process once it is there, for the progress bar.</summary>
    public LoadProcess? Load { get; private set; }

    /// <summary>Gets the settings of a server with its own certificate and its own folder for databases.</summary>
    public ServerSettings ServerSettings(ServerBehaviour behaviour)
    {
        return new ServerSettings
        {
            Certificate = ServerCertificate,
            Folder = _folder.Create($"store-{++_stores}"),
            Behaviour = behaviour,
        };
    }

    public async Task<ServerProcess> StartServerAsync(ServerSettings settings, int descriptorLimit = 0, IReadOnlyDictionary<string, string>? environment = null) => Own(await ServerProcess.StartAsync(settings, descriptorLimit, environment));

    /// <summary>Starts the contender's process, which waits for its <see cref="LoadProcess.GoAsync"/>.</summary>
    public async Task<LoadProcess> StartLoadAsync(LoadSettings settings, int descriptorLimit = DescriptorLimit)
    {
        Load = Own(await LoadProcess.StartAsync(settings with { Scenario = Scenario.Name, Contender = Contender.Name }, descriptorLimit));
        return Load;
    }

    public ProcessWatch Watch(ChildProcess child)
    {
        var watch = new ProcessWatch(child, Certificates.CaPath);
        _watches.Add(watch);
        return watch;
    }

    public T Own<T>(T process)
        where T : IAsyncDisposable
    {
        _processes.Add(process);
        return process;
    }

    /// <summary>Puts together what was counted.</summary>
    /// <param name="subject">The process that was watched: it has exited by now only if it died.</param>
    /// <param name="descriptorLimit">The limit of descriptors that the process reported of itself.</param>
    public Row CreateRow(ChildProcess subject, ProcessWatch watch, int descriptorLimit, long connections, long handshakes)
    {
        var load = Load!;
        var counts = load.Counts;
        watch.Dispose();
        var died = subject.HasExited;
        var extra = (JsonObject)load.Extra.DeepClone();
        if (died)
        {
            extra["lastWords"] = subject.LastWords;
        }

        if (load.Hung)
        {
            extra["hung"] = true;
        }

        return new Row
        {
            Scenario = Scenario.Name,
            Contender = Contender.Name,
            Outcome = died ? Row.Died : Row.Survived,
            ExitCode = died ? subject.ExitCode : 0,
            Calls = counts.Calls,
            Succeeded = counts.Succeeded,
            Failed = counts.Failed,
            Seconds = counts.Seconds,
            CallsPerSecond = counts.Seconds > 0 ? Math.Round(counts.Succeeded / counts.Seconds, 1) : 0,
            P50Ms = counts.P50Ms,
            P99Ms = counts.P99Ms,
            PeakDescriptors = watch.PeakDescriptors,
            DescriptorLimit = descriptorLimit,
            Connections = connections,
            Handshakes = handshakes,
            CaReads = watch.CaReads,
            FirstError = counts.FirstError,
            Extra = extra,
            Descriptors = watch.Descriptors,
        };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var watch in _watches)
        {
            watch.Dispose();
        }

        // All at once: each may take its time to end.
        await Task.WhenAll(_processes.Select(process => process.DisposeAsync().AsTask()));
        Certificates.Dispose();
        _clientCertificates?.Dispose();
        _folder.Dispose();
    }
}
