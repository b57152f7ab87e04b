using PooledClients.Grpc.Deadlines;

namespace PooledClients.Grpc.Retries;

/// <summary>
/// The scope of a unary call that the handler may make again; one serves all calls whose deadline comes from the same place and whose requests are
/// sent as they are made.
/// </summary>
internal sealed class RetriableCall(CallRetrier retrier, DeadlineOrigin? deadline, CallClock? clock = null) : CallScope
{
    public override DeadlineOrigin? Deadline => deadline;

    public override CallClock? Clock => clock;

    public CallRetrier Retrier => retrier;

    protected override bool MayFlow => true;

    /// <summary>Whether a request is one of its method.</summary>
    protected override bool IsOf(HttpRequestMessage request) => request.RequestUri!.AbsolutePath.EndsWith(retrier.Method, StringComparison.Ordinal);
}
