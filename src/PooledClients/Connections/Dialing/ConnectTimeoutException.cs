namespace PooledClients.Connections.Dialing;

/// <summary>A connect did not end in time; the message says in which phase it was.</summary>
/// <param name="address">Where to.</param>
/// <param name="timeout">The time that it had.</param>
/// <param name="phase">What it was at.</param>
/// <param name="late">How late its end was noticed: a process that has no thread for a timer had none for the connect either.</param>
internal sealed class ConnectTimeoutException(string address, TimeSpan timeout, string phase, TimeSpan late = default)
    : IOException(
        $"The connect to {address} did not end within {timeout.TotalSeconds:0.###} s (ConnectTimeout): it was in {phase}."
        + (late >= Starvation ? $" This process was short of threads or processor time: it noticed so {late.TotalSeconds:0.###} s late." : null))
{
    private static readonly TimeSpan Starvation = TimeSpan.FromMilliseconds(250);

    /// <summary>Whether this process, and not the server, is why it took so long.</summary>
    public bool IsStarved { get; } = late >= Starvation;
}
