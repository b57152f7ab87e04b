namespace PooledClients.Connections.Endpoints;

/// <summary>One wish of the handler for a connection, from the moment that it asks to the moment that it has one or gives up.</summary>
internal sealed class Dial(Destination destination) : IDisposable
{
    private readonly TaskCompletionSource _goAhead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _abandoned = new();
    private bool _connected;

    /// <summary>Set under the destination's lock.</summary>
    public bool GoesAhead { get; private set; }

    /// <summary>Cancelled when no call waits for the destination any more.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>Ends when the dial may go ahead.</summary>
    public Task Need => _goAhead.Task;

    public void GoAhead()
    {
        GoesAhead = true;
        _goAhead.TrySetResult();
    }

    public void Abandon()
    {
        try
        {
            _abandoned.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended at this very moment.
        }
    }

    public void Connected() => _connected = true;

    public void Dispose()
    {
        destination.EndDial(this, _connected);
        _abandoned.Dispose();
    }
}
