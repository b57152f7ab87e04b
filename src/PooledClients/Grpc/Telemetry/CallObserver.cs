using System.Net.Http.Headers;
using Grpc.Core;

namespace PooledClients.Grpc.Telemetry;

/// <summary>
/// Whom the handler below the channel tells what becomes of a call. Where nobody listens it is the method itself, one object for all of its
/// calls, and a call costs no allocation.
/// </summary>
internal abstract class CallObserver
{
    // A deadline's timer may be early by the milliseconds that its header rounds.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(5);

    /// <summary>The calls of its method.</summary>
    public abstract MethodCalls Method { get; }

    /// <summary>An attempt begins.</summary>
    /// <param name="isTransparent">Whether it repeats one that was provably not processed.</param>
    public virtual void AttemptBegins(bool isTransparent)
    {
    }

    /// <summary>The attempt has ended before a message could come.</summary>
    public virtual void AttemptEnds(StatusCode status)
    {
    }

    /// <summary>The response's headers are there, and a stream of messages follows: its end is told by the result.</summary>
    /// <param name="response">The response.</param>
    /// <param name="remaining">What is left until the deadline.</param>
    /// <returns>What to call at its end, with how reading it has failed; <see langword="null"/> where nobody wants to know.</returns>
    public virtual Action<StatusCode?>? StreamBegins(HttpResponseMessage response, TimeSpan? remaining) => null;

    /// <summary>A streaming call has come to nothing: no stream of messages has begun.</summary>
    public virtual void StreamEnds(StatusCode status)
    {
    }

    /// <summary>The call has waited.</summary>
    public void Waited(WaitPhase phase, TimeSpan duration) => Method.RecordWait(phase, duration);

    /// <summary>The call has reached its deadline.</summary>
    public virtual void DeadlineExceeded(WaitPhase phase) => Method.DeadlineExceeded(phase);

    /// <summary>A stream of messages has ended: its deadline is told of, if it was that.</summary>
    /// <param name="response">Its response.</param>
    /// <param name="lasted">For how long it went on.</param>
    /// <param name="remaining">What was left until the deadline when it began.</param>
    /// <returns>Its status; none where the response has brought none, and it was not the deadline.</returns>
    protected StatusCode? EndOf(HttpResponseMessage response, TimeSpan lasted, TimeSpan? remaining)
    {
        var status = StatusIn(response.TrailingHeaders.NonValidated) ?? StatusIn(response.Headers.NonValidated);

        // The server keeps the deadline too, and may be first to say so.
        if (status is not (null or StatusCode.DeadlineExceeded) || !(lasted + Tolerance >= remaining))
        {
            return status;
        }

        DeadlineExceeded(WaitPhase.Response);
        return StatusCode.DeadlineExceeded;
    }

    private static StatusCode? StatusIn(HttpHeadersNonValidated headers) =>
        headers.TryGetValues("grpc-status", out var value) && int.TryParse(value.ToString(), out var code) ? (StatusCode)code : null;
}
