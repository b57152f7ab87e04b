using System.Runtime.CompilerServices;
using Grpc.Net.Client;

namespace PooledClients.Platform;

/// <summary>What the library takes for granted of Grpc.Net.Client beyond its public contract, as <see cref="RuntimeContracts"/> has it of the runtime.</summary>
internal static class GrpcContracts
{
    /// <summary>
    /// The option in which a call's wait-for-ready flag travels. Grpc.Net.Client 2.85; it sets it whatever the handler, and no public member
    /// leads from a request to its call.
    /// </summary>
    public static readonly HttpRequestOptionsKey<bool> WaitForReady = new("WaitForReady");

    /// <summary>
    /// The details of the statuses by which Grpc.Net.Client 2.85 refuses a message for its size; they name neither the limit nor its option. The
    /// channel tells its logger at Information before it throws them, and what the logger throws is what the call fails with.
    /// </summary>
    public const string SentTooLarge = "Sending message exceeds the maximum configured message size.";

    /// <inheritdoc cref="SentTooLarge"/>
    public const string ReceivedTooLarge = "Received message exceeds the maximum configured message size.";

    /// <summary>
    /// Has a channel send by a bare invoker in place of the client that it was given. Grpc.Net.Client 2.85 puts its balancer before every handler that it is
    /// given and none before a client, and each costs a call an async method. Where another version keeps its invoker otherwise, the client stays.
    /// </summary>
    /// <returns>Whether the invoker has taken the client's place.</returns>
    public static bool TrySetInvoker(GrpcChannel channel, HttpMessageInvoker invoker)
    {
        try
        {
            InvokerOf(channel) = invoker;
            return true;
        }
        catch (MissingFieldException)
        {
            return false;
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<HttpInvoker>k__BackingField")]
    private static extern ref HttpMessageInvoker InvokerOf(GrpcChannel channel);
}
