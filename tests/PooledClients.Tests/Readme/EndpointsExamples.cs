using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using RocksDb.V1;

namespace PooledClients.Tests.Readme;

/// <summary>Every C# block of docs/endpoints.md, word for word, so that it compiles; and the resolver does what the page says.</summary>
public sealed class EndpointsExamples
{
    internal static void Resolver(IServiceCollection services)
    {
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(o => o.Address = new Uri("https://rocksdb.internal:9101"))
            .AddEndpointResolver(_ => new FileResolver("/etc/endpoints/rocksdb"));
    }

    internal static void Discovery(IServiceCollection services)
    {
        services.AddServiceDiscovery();                   // as the service defaults of Aspire do
        services.AddPooledClientsServiceDiscovery();      // and for pooled clients
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(o => o.Address = new Uri("https+http://rocksdb"));
        services.AddPooledHttpClient("catalog", o => o.BaseAddress = new Uri("https+http://catalog"));
    }

    [Fact]
    public async Task FileResolver_FileChanges_TellsAndReadsItAgain()
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(path, ["# one", "10.0.0.1:9101", "b.internal:9102"], TestContext.Current.CancellationToken);
            using var resolver = new FileResolver(path);
            var resolved = await resolver.ResolveAsync(new Uri("https://any"), TestContext.Current.CancellationToken);
            Assert.Equal([new IPEndPoint(new IPAddress([10, 0, 0, 1]), 9101), new DnsEndPoint("b.internal", 9102)], resolved.EndPoints);

            var changed = new TaskCompletionSource();
            using var registration = resolved.ChangeToken!.RegisterChangeCallback(static changed => ((TaskCompletionSource)changed!).TrySetResult(), changed);
            await File.WriteAllLinesAsync(path, ["[::1]:9103"], TestContext.Current.CancellationToken);
            await changed.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            resolved = await resolver.ResolveAsync(new Uri("https://any"), TestContext.Current.CancellationToken);
            Assert.Equal([new IPEndPoint(IPAddress.IPv6Loopback, 9103)], resolved.EndPoints);
        }
        finally
        {
            File.Delete(path);
        }
    }

    public sealed class FileResolver(string path) : IEndpointResolver, IDisposable
    {
        private readonly PhysicalFileProvider _folder = new(Path.GetDirectoryName(Path.GetFullPath(path))!);

        public async ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken)
        {
            // Before the file is read, so that no change after that is missed.
            var changed = _folder.Watch(Path.GetFileName(path));
            var lines = await File.ReadAllLinesAsync(path, cancellationToken);
            var endPoints = lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').Select(Parse);
            return new ResolvedEndpoints(endPoints) { ChangeToken = changed };
        }

        public void Dispose() => _folder.Dispose();

        // 10.0.0.1:9101, [::1]:9101 or a.internal:9101
        private static EndPoint Parse(string line)
        {
            if (IPEndPoint.TryParse(line, out var socket))
            {
                return socket;
            }

            var colon = line.LastIndexOf(':');
            return new DnsEndPoint(line[..colon], int.Parse(line[(colon + 1)..], CultureInfo.InvariantCulture));
        }
    }
}
