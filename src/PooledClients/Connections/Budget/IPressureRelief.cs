namespace PooledClients.Connections.Budget;

/// <summary>Somebody who may be able to free connections that nobody uses any more while others wait for one.</summary>
internal interface IPressureRelief
{
    /// <summary>A connect, or a request for a busy connection, begins to wait. Must be quick; called under no lock.</summary>
    void BeginWait();

    /// <summary>The wait is over, one way or the other.</summary>
    void EndWait();

    /// <summary>Somebody may come to wait unseen: it is looked at once a second.</summary>
    /// <param name="isShort">Whether somebody waits for what may not be used any more; none when nobody can be waiting, which ends the looks.</param>
    void Watch(Func<bool?> isShort);
}
