namespace PooledClients.Grpc.Deadlines;

/// <summary>The scope of one call, of which more is known than who set its deadline: its own clock where it may be sent later, or its caller.</summary>
internal sealed class FlowingCall(string method, DeadlineOrigin? deadline, CallClock? clock, string? callSite) : CallScope
{
    public override DeadlineOrigin? Deadline => deadline;

    public override CallClock? Clock => clock;

    public override string? CallSite => callSite;

    protected override bool MayFlow => true;

    protected override bool IsOf(HttpRequestMessage request) => request.RequestUri!.AbsolutePath.EndsWith(method, StringComparison.Ordinal);
}
