using System.Net;
using PooledClients.Platform;

namespace PooledClients.Grpc.Messages;

/// <summary>
/// A request's stream of messages on one way to a connection. It is handed over once, so a second time is refused, and the runtime is to send
/// the request once only: it would open a stream before it found that out.
/// </summary>
/// <param name="inner">The messages.</param>
/// <param name="call">Cancelled when their call ends.</param>
/// <param name="hold">What holds them back from their connection; none of most.</param>
internal sealed class SentMessages(HttpContent inner, CancellationToken call, ContentHold? hold = null) : SentContent(inner)
{
    private readonly TaskCompletionSource _answerEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Has no timer and no link, and so nothing to dispose.
    private readonly CancellationTokenSource _writing = new();
    private volatile bool _isAnswered;

    /// <summary>Gets what is cancelled when the call ends; a write may have been given another token, or none.</summary>
    public CancellationToken Call => call;

    /// <summary>Gets what ends the writing. The runtime takes the token of a write for an end of the whole request, and needs one that is cancelled with the call.</summary>
    public CancellationToken Writing => _writing.Token;

    public override bool CanBeSentAgain => !WasAsked;

    public override ContentHold? Hold => hold;

    /// <summary>Gets whether the call has a response: what ends the writing then is its end, and how that ends is the call's.</summary>
    public bool IsAnswered => _isAnswered;

    /// <summary>Gets the end of the response, and of the call with it.</summary>
    public Task AnswerEnded => _answerEnded.Task;

    public void Answered() => _isAnswered = true;

    /// <summary>
    /// The call has its result, and nobody reads on: what is still being written is ended, for the runtime does not. A write that it finds between two
    /// pieces as its request is given up waits for a window that never comes.
    /// </summary>
    public void EndAnswer()
    {
        _answerEnded.TrySetResult();
        EndWriting();
    }

    /// <summary>Ends the writing, whatever has come of the call.</summary>
    public void EndWriting() => _writing.Cancel();

    public override SentContent ForNextAttempt() => new SentMessages(Message, call) { IsOnce = true };

    public override SentContent Held(ContentHold hold) => new SentMessages(Message, call, hold) { IsOnce = IsOnce };

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        WasAsked ? Task.FromException(new ContentSentException())
        : hold is { IsOn: true } && RuntimeContracts.IsConnection(stream) ? HoldAsync(stream, context, cancellationToken)
        : base.SerializeToStreamAsync(stream, context, cancellationToken);

    protected override Stream Wrap(Stream stream) => new StreamedWriteStream(stream, this);

    private async Task HoldAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await hold!.WaitAsync(cancellationToken).ConfigureAwait(false);
        await base.SerializeToStreamAsync(stream, context, cancellationToken).ConfigureAwait(false);
    }
}
