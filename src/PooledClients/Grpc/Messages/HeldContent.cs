using System.Net;
using PooledClients.Platform;

namespace PooledClients.Grpc.Messages;

/// <summary>A message on its way to a connection whose server has said nothing yet.</summary>
internal sealed class HeldContent(HttpContent inner, ContentHold hold) : SentContent(inner)
{
    public override ContentHold Hold => hold;

    // Who reads it for a look at it is not held up.
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        hold.IsOn && RuntimeContracts.IsConnection(stream)
            ? HoldAsync(stream, context, cancellationToken)
            : base.SerializeToStreamAsync(stream, context, cancellationToken);

    private async Task HoldAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await hold.WaitAsync(cancellationToken).ConfigureAwait(false);
        await base.SerializeToStreamAsync(stream, context, cancellationToken).ConfigureAwait(false);
    }
}
