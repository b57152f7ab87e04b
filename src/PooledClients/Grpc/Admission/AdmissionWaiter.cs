using System.Threading.Tasks.Sources;

namespace PooledClients.Grpc.Admission;

/// <summary>One call that waits for admission: a reusable node of the queue and the task that its call awaits.</summary>
internal sealed class AdmissionWaiter : IValueTaskSource, IThreadPoolWorkItem
{
    private readonly CallAdmission _owner;
    private ManualResetValueTaskSourceCore<bool> _core;
    private CancellationTokenRegistration _registration;
    private CancellationToken _token;
    private bool _cancelled;

    public AdmissionWaiter(CallAdmission owner)
    {
        _owner = owner;
        Node = new LinkedListNode<AdmissionWaiter>(this);
    }

    /// <summary>The place in the queue; in no list once the wait is over.</summary>
    public LinkedListNode<AdmissionWaiter> Node { get; }

    /// <summary>The timestamp at which the wait began; guarded by the owner's lock.</summary>
    public long Since { get; set; }

    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        var task = new ValueTask(this, _core.Version);
        _token = cancellationToken;
        _registration = cancellationToken.UnsafeRegister(static waiter => ((AdmissionWaiter)waiter!).Cancel(), this);
        return task;
    }

    // Never inline: the thread that gives the place back has a call of its own to end, and a chain of calls that fail at once
    // would otherwise recurse.
    public void Grant() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    void IThreadPoolWorkItem.Execute()
    {
        if (_cancelled)
        {
            _core.SetException(new OperationCanceledException(_token));
        }
        else
        {
            _core.SetResult(true);
        }
    }

    void IValueTaskSource.GetResult(short token)
    {
        // Waits for a callback that is running, so that none can reach this waiter's next call.
        _registration.Dispose();
        try
        {
            _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            _registration = default;
            _token = default;
            _cancelled = false;
            _owner.Return(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _core.OnCompleted(continuation, state, token, flags);

    private void Cancel()
    {
        if (_owner.TryRemove(this))
        {
            _cancelled = true;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }
}
