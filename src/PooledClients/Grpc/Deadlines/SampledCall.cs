namespace PooledClients.Grpc.Deadlines;

/// <summary>The scope of a streaming call whose caller was found out.</summary>
internal sealed class SampledCall(string method, DeadlineOrigin? deadline, string callSite) : CallScope
{
    public override DeadlineOrigin? Deadline => deadline;

    public override string CallSite => callSite;

    protected override bool MayFlow => true;

    protected override bool IsOf(HttpRequestMessage request) => request.RequestUri!.AbsolutePath.EndsWith(method, StringComparison.Ordinal);
}
