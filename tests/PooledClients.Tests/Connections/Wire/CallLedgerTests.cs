using PooledClients.Connections.Wire.Frames;

namespace PooledClients.Tests.Connections.Wire;

public sealed class CallLedgerTests
{
    private readonly StreamLedger _streams = new();
    private readonly CallLedger _calls;

    public CallLedgerTests() => _calls = new CallLedger(_streams);

    [Fact]
    public void Taken_FromTheCallToTheEndOfItsStream_CountsItOnce()
    {
        _calls.Enter();
        _calls.Enter();
        Assert.Equal(2, _calls.Taken);
        Open(1);
        Open(3);
        Assert.Equal(2, _calls.Taken);

        // Its answer is there, and has not been handed over.
        Mark(1, StreamState.Answered);
        Assert.Equal((2, 3), (_calls.Taken, _calls.Occupied));
        _calls.Exit();
        Assert.Equal((2, 2), (_calls.Taken, _calls.Occupied));

        // Another's stream is over before its answer has been handed over.
        Mark(3, StreamState.Answered);
        Mark(3, StreamState.Ended);
        Assert.Equal((1, 2), (_calls.Taken, _calls.Occupied));
        _calls.Exit();
        Mark(1, StreamState.Ended);
        Assert.Equal((0, 0), (_calls.Taken, _calls.Occupied));
    }

    [Fact]
    public void Taken_ServerTakesAStreamBackUnanswered_CountsTheCallThatTheRuntimeSendsAgain()
    {
        _calls.Enter();
        Open(1);

        Remove(1, isTakenBack: true);
        Assert.Equal(1, _calls.Taken);
        Open(3);
        Assert.Equal(1, _calls.Taken);
        Remove(3);

        Assert.Equal(0, _calls.Taken);
    }

    [Fact]
    public void Taken_CallLeavesWithoutAStream_CountsNoMoreOnceNobodyIsInside()
    {
        _calls.Enter();
        _calls.Exit();
        Assert.Equal(0, _calls.Taken);

        _calls.Enter();
        _calls.Enter();
        Open(1);
        _calls.Exit();
        Mark(1, StreamState.Answered);
        Assert.Equal((2, 2), (_calls.Taken, _calls.Occupied));
        _calls.Exit();
        Assert.Equal((1, 1), (_calls.Taken, _calls.Occupied));
        _calls.Enter();
        Open(3);
        Mark(3, StreamState.Answered);

        Assert.Equal((2, 3), (_calls.Taken, _calls.Occupied));
    }

    [Fact]
    public void Taken_OneCallHasSeveralStreams_CountsTheNextCallsAllTheSame()
    {
        _calls.Enter();
        _calls.Enter();
        Open(1);
        Remove(1);
        Open(3);
        Open(5);
        Assert.Equal(2, _calls.Taken);

        _calls.Enter();
        _calls.Enter();

        Assert.Equal(4, _calls.Taken);
    }

    [Fact]
    public void Taken_AfterMoreStreamsThanTheirCountHolds_IsRightStill()
    {
        const int Streams = (1 << 22) + 10;
        var wrong = 0;
        _calls.Enter();
        Open(-1);
        for (var id = 1; id <= Streams; id++)
        {
            _calls.Enter();
            Open(id);
            wrong += _calls.Taken == 2 ? 0 : 1;
            Remove(id);
            _calls.Exit();
        }

        Assert.Equal((0, 1, 1), (wrong, _calls.Taken, _calls.Occupied));
    }

    private void Open(int streamId)
    {
        _streams.Open(streamId);
        _streams.Publish();
    }

    private void Mark(int streamId, StreamState mark)
    {
        _streams.Mark(streamId, mark);
        _streams.Publish();
    }

    private void Remove(int streamId, bool isTakenBack = false)
    {
        _streams.Remove(streamId, isTakenBack);
        _streams.Publish();
    }
}
