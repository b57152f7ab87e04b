using PooledClients.Connections.Descriptors;
using PooledClients.Connections.Dialing;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>What the dials to one endpoint have come to: it spaces the next ones, and tells who watches the address.</summary>
internal sealed class Reachability(string address, ConnectBackoff backoff, AddressWatch? watch)
{
    /// <summary>Gets why the last dial failed; none when it did not.</summary>
    public ConnectFailure? Failure => backoff.Failure;

    /// <summary>Gets how long the next dial has to wait.</summary>
    public TimeSpan RemainingGap => backoff.RemainingGap();

    /// <summary>A dial has failed, or what it has made. <see cref="Tell"/> follows, under no lock.</summary>
    public void Fail(Exception exception) => backoff.Fail(exception);

    /// <summary>The runtime could make no connection for a call.</summary>
    public void Failed(Exception exception)
    {
        Fail(exception);
        Tell(exception);
    }

    /// <summary>A connection is picked no more: one that served nobody is as good as a dial that failed.</summary>
    /// <returns>That failure; none where it is none.</returns>
    public Exception? Retired(Http2Connection connection, string reason)
    {
        if (connection.WasAnswered || connection.Entered == 0)
        {
            return null;
        }

        var failure = new IOException($"The connection to {address} ended before its first answer: {reason}.");
        Fail(failure);
        return failure;
    }

    /// <summary>Tells of a failure, unless it is this process's.</summary>
    public void Tell(Exception exception)
    {
        if (!LocalFault.IsOutOfDescriptors(exception))
        {
            watch?.Failed(address, exception, backoff.RemainingGap());
        }
    }

    /// <summary>A server speaks HTTP/2.</summary>
    public void Reached()
    {
        backoff.Connected();
        watch?.Reached(address);
    }

    /// <summary>Nobody wants to reach it any more.</summary>
    public void Forget() => watch?.Forget(address);

    /// <summary>A server has answered a request.</summary>
    public void Answered() => backoff.Succeed();

    /// <summary>A server has answered a call for which the runtime has made, or found, the connection.</summary>
    public void AnsweredThroughRuntime()
    {
        if (Failure is not null)
        {
            Reached();
            Answered();
        }
    }
}
