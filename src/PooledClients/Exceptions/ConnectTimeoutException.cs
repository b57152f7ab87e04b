namespace PooledClients;

/// <summary>
/// A connect did not end within <see cref="ConnectionOptions.ConnectTimeout"/>; the message says in which phase it was. It reaches the caller as an
/// inner exception: of the <see cref="HttpRequestException"/>, or of the <c>RpcException</c>'s <c>Status.DebugException</c>.
/// </summary>
public sealed class ConnectTimeoutException : IOException
{
    private static readonly TimeSpan Starvation = TimeSpan.FromMilliseconds(250);

    /// <param name="address">Where to.</param>
    /// <param name="timeout">The time that it had.</param>
    /// <param name="phase">What it was at.</param>
    /// <param name="late">How late its end was noticed: a process that has no thread for a timer had none for the connect either.</param>
    internal ConnectTimeoutException(string address, TimeSpan timeout, string phase, TimeSpan late = default)
        : base(
            $"The connect to {address} did not end within {timeout.TotalSeconds:0.###} s (ConnectTimeout): it was in {phase}."
            + (late >= Starvation ? $" This process was short of threads or processor time: it noticed so {late.TotalSeconds:0.###} s late." : null))
    {
        Address = address;
        Timeout = timeout;
        IsStarved = late >= Starvation;
    }

    /// <summary>Gets the address that was to be connected to.</summary>
    public string Address { get; }

    /// <summary>Gets the time that the connect had.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>Gets whether this process was short of threads or processor time, so that it, and not the server, is why it took so long.</summary>
    public bool IsStarved { get; }
}
