using PooledClients.Grpc.Deadlines;

namespace PooledClients.Grpc;

/// <summary>A request of our own to find out whether a server is there: it is nobody's call, and counts as none.</summary>
internal sealed class ProbeScope : CallScope
{
    public static readonly ProbeScope Instance = new();

    public override DeadlineOrigin? Deadline => null;

    public override bool IsProbe => true;

    protected override bool MayFlow => true;

    protected override bool IsOf(HttpRequestMessage request) => request.RequestUri!.AbsolutePath.EndsWith(HealthProbe.Path, StringComparison.Ordinal);
}
