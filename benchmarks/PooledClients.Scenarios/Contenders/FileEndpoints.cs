using System.Net;
using Microsoft.Extensions.FileProviders;

namespace PooledClients.Scenarios.Contenders;

/// <summary>The endpoints of a file, one a line: asked for at the interval, as DNS is, or told of a change, as configuration is.</summary>
internal sealed class FileEndpoints(string path, bool isTold) : IEndpointResolver, IDisposable
{
    private readonly PhysicalFileProvider _folder = new(Path.GetDirectoryName(path)!) { UsePollingFileWatcher = true, UseActivePolling = true };

    public async ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken)
    {
        // Before the file is read, so that no change after that is missed.
        var change = isTold ? _folder.Watch(Path.GetFileName(path)) : null;
        var lines = await File.ReadAllLinesAsync(path, cancellationToken);
        return new ResolvedEndpoints(lines.Select(IPEndPoint.Parse)) { ChangeToken = change };
    }

    public void Dispose() => _folder.Dispose();
}
