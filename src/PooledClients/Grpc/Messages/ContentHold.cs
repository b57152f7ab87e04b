namespace PooledClients.Grpc.Messages;

/// <summary>
/// Holds a message back from a connection whose server has said nothing yet, until its SETTINGS have come, the first thing that it has to
/// say (RFC 9113, section 3.4): what ends before has been read by nobody. grpc-go and grpc-java wait for them too.
/// </summary>
/// <param name="heard">Ends when the server has spoken.</param>
/// <param name="timeProvider">Times the longest waits.</param>
internal sealed class ContentHold(Task heard, TimeProvider timeProvider)
{
    // A server that wants to read first would wait as long as this side does.
    internal static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    // Its request may not end before the message does: sent again by the runtime, it waits for the stream that the message holds.
    internal static readonly TimeSpan LongestEnd = TimeSpan.FromMilliseconds(250);

    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets whether there is anything to wait for.</summary>
    public bool IsOn => !heard.IsCompleted;

    /// <summary>Waits.</summary>
    /// <param name="cancellationToken">The runtime cancels it when the stream or its connection ends.</param>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await heard.WaitAsync(Longest, timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (cancellationToken.IsCancellationRequested)
        {
            // The runtime would fail the request with this end in place of the connection's, which comes at the same time and says why.
            await _over.Task.WaitAsync(LongestEnd, timeProvider, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new OperationCanceledException(cancellationToken);
        }
    }

    /// <summary>The attempt has ended.</summary>
    public void End() => _over.TrySetResult();
}
