namespace PooledClients.Http.Exchanges.Timing;

/// <summary>What is ended when its time has come, by the list that it is in.</summary>
internal abstract class TimedItem
{
    /// <summary>Gets when it is due, in timestamps.</summary>
    public abstract long DueAt { get; }

    /// <summary>Gets or sets the list that it is in, if it is in one; guarded by that list's lock, as are the next two.</summary>
    public DeadlineList? List { get; set; }

    public TimedItem? PreviousDue { get; set; }

    public TimedItem? NextDue { get; set; }

    /// <summary>What <see cref="DueAt"/> says has come.</summary>
    public abstract void EndAsDue();
}
