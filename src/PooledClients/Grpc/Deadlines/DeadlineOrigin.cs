namespace PooledClients.Grpc.Deadlines;

/// <summary>Who set a call's deadline, for the detail of its <c>DeadlineExceeded</c>; the scope of a call about which there is no more to tell.</summary>
internal sealed class DeadlineOrigin(string setBy) : CallScope
{
    public static DeadlineOrigin Call { get; } = new("the call");

    public static DeadlineOrigin Stub { get; } = new("CreateClient(deadline)");

    public static DeadlineOrigin Inbound { get; } = new("the inbound call");

    public override DeadlineOrigin Deadline => this;

    /// <summary>Continues the sentence "set by …".</summary>
    public override string ToString() => setBy;
}
