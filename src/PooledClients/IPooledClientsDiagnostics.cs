namespace PooledClients;

/// <summary>What the pooled clients of this container hold at a moment: for a debug page, a support case or a test. A singleton.</summary>
public interface IPooledClientsDiagnostics
{
    /// <summary>
    /// Takes a snapshot. It costs a few locks held briefly and opens nothing, so it works while the process has no descriptor left.
    /// Its parts are taken one after another: they may differ by what happened meanwhile.
    /// </summary>
    /// <returns>The snapshot, which does not change any more.</returns>
    PooledClientsSnapshot Capture();
}
