using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>
/// The authority, the server's certificate and the client's identity all change under load, now and then to something broken. Who
/// cannot follow is rebuilt by hand each time.
/// </summary>
internal sealed class Rotation() : GrpcScenario(
    "rotation", "CA, server certificate and mTLS identity rotate 20 times under 16 callers, good and bad files mixed; those who cannot follow rebuild by hand")
{
    private const string Rebuild = "rebuild";
    private const int Steps = 20;
    private const int QuickSteps = 5;
    private const int BadEvery = 3;
    private const int Reads = 1;
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(2);

    private int _steps;

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        var refused = 0;
        load.On(Rebuild, _ =>
        {
            try
            {
                clients.Rebuild();
            }
            catch (Exception)
            {
                // What cannot be read leaves the clients as they are.
                refused++;
            }

            return ValueTask.FromResult<object?>(null);
        });
        await load.RunCallersAsync((caller, cancellationToken) => Calls.ReadAsync(clients, caller, load.Settings.Grpc!, cancellationToken));
        return new { RebuildsRefused = refused };
    }

    protected override TimeSpan Duration(BenchOptions options) => Before + (Step * (options.Count(Steps, QuickSteps) + 1));

    protected override ServerSettings Server(Stage stage) => stage.ServerSettings(new ServerBehaviour()) with { ClientCaPath = stage.ClientCertificates.CaPath };

    protected override GrpcClientSettings Clients(Stage stage, string[] addresses) => base.Clients(stage, addresses) with
    {
        ClientCertificatePath = WriteIdentity(stage, stage.ClientCertificates.IssueClient("client-0"), null),
        ReloadSeconds = 1,
        DeadlineSeconds = 5,
    };

    protected override async Task DisturbAsync(Stage stage, ServerProcess server, LoadProcess load)
    {
        await load.DelayAsync(Before);
        var current = stage.Certificates.Pem;
        var identity = stage.ClientCertificates.IssueClient("client-first");
        var steps = stage.Options.Count(Steps, QuickSteps);
        for (_steps = 1; _steps <= steps; _steps++)
        {
            using var next = new Certificates(stage.Certificates.Folder, $"ca-{_steps}");
            var renewed = stage.ClientCertificates.IssueClient($"client-{_steps}");
            var bad = _steps % BadEvery == 0;

            // Bad is a bundle that is cut in its second certificate, and a key that is not the certificate's.
            Certificates.Replace(stage.Certificates.CaPath, bad ? current + next.Pem[..(next.Pem.Length / 2)] : current + next.Pem);
            WriteIdentity(stage, renewed, bad ? identity : null);
            await load.Child.AskAsync(Rebuild);
            await load.DelayAsync(Step);
            if (!bad)
            {
                await server.Child.AskAsync(ServerRole.UseCertificate, next.IssueServer($"server-{_steps}"));
                (current, identity) = (next.Pem, renewed);
            }
        }
    }

    protected override void Complete(Row row, ServerCounts counts)
    {
        row.Extra["changes"] = _steps - 1;
        row.Extra["caReadsExpected"] = Reads + _steps - 1;
    }

    private static string WriteIdentity(Stage stage, CertificateFiles certificate, CertificateFiles? otherKey)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(stage.Certificates.Folder, "identity")).FullName, "client.pem");
        Certificates.Replace(path, File.ReadAllText(certificate.CertificatePath) + File.ReadAllText((otherKey ?? certificate).KeyPath));
        return path;
    }
}
