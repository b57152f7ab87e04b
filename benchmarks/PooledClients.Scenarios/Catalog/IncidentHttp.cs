using Files.V1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>
/// The HTTP half of the incident. The process under the limit is the uploads server, built once with each contender's HTTP client and
/// driven over one plain channel from another process.
/// </summary>
internal sealed class IncidentHttp() : Scenario(
    "incident-http", "100 callers upload files to a server that stores each one (20 ms) and tells an HTTP API about it (50 ms), under a limit of 1,024 descriptors")
{
    private const int Callers = 100;
    private const int ServiceMs = 50;
    private const int StoreMs = 20;
    private const int Chunks = 4;
    private static readonly ByteString Chunk = UnsafeByteOperations.UnsafeWrap(new byte[4096]);

    /// <summary>
    /// The collector that a service built on the web SDK has, and what it lets pass between two collections on a server with a large
    /// cache and many processors: some 200 MB a heap. Collections are what gives leaked responses back, so none may hide the leak.
    /// </summary>
    private static readonly Dictionary<string, string> ServiceDefaults = new() { ["DOTNET_gcServer"] = "1", ["DOTNET_GCgen0size"] = "0xC800000" };

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public override IReadOnlyList<Contender> Contenders { get; } = [HttpContender.UndisposedResponse, HttpContender.HttpClientFactory, HttpContender.Pooled];

    public override TimeSpan Expected(BenchOptions options) => Duration(options) + TimeSpan.FromSeconds(4);

    public override async Task<Row> MeasureAsync(Stage stage)
    {
        var api = await stage.StartServerAsync(stage.ServerSettings(new ServerBehaviour { ApiDelayMs = ServiceMs }));
        var how = new UploadsSettings(stage.Contender.Name, api.Addresses.Api, stage.Certificates.CaPath);
        var uploads = await stage.StartServerAsync(stage.ServerSettings(new ServerBehaviour { StoreMs = StoreMs }) with { Uploads = how }, Stage.DescriptorLimit, ServiceDefaults);
        var watch = stage.Watch(uploads.Child);
        var driver = await stage.StartLoadAsync(Settings(stage, uploads), descriptorLimit: 0);
        await driver.GoAsync();
        await driver.WaitAsync(Duration(stage.Options) + Patience);
        var counts = await api.CountsAsync();
        return stage.CreateRow(uploads.Child, watch, uploads.Addresses.DescriptorLimit, counts.ApiConnections, counts.ApiHandshakes);
    }

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        var settings = load.Settings.Grpc!;
        var options = new GrpcChannelOptions { HttpHandler = Trust.GrpcHandler(Trust.Options(Trust.Read(settings.CaPath))), DisposeHttpClient = true };
        using var channel = GrpcChannel.ForAddress(settings.Address(0), options);
        var client = new Uploads.UploadsClient(channel);
        await load.RunCallersAsync((caller, cancellationToken) => UploadAsync(client, caller, settings, cancellationToken));
        return null;
    }

    private static async Task UploadAsync(Uploads.UploadsClient client, int caller, GrpcClientSettings settings, CancellationToken cancellationToken)
    {
        using var call = client.Upload(Calls.Options(settings, cancellationToken));
        for (var chunk = 0; chunk < Chunks; chunk++)
        {
            await call.RequestStream.WriteAsync(new UploadRequest { Name = $"file-{caller}", Chunk = Chunk }, cancellationToken);
        }

        await call.RequestStream.CompleteAsync();
        await call.ResponseAsync;
    }

    private static TimeSpan Duration(BenchOptions options) => options.Duration(14, 4);

    private static LoadSettings Settings(Stage stage, ServerProcess uploads) => new()
    {
        Grpc = new GrpcClientSettings { Addresses = uploads.Addresses.Grpc, CaPath = stage.Certificates.CopyCa("driver.pem") },
        Callers = Callers,
        Seconds = Duration(stage.Options).TotalSeconds,
    };
}
