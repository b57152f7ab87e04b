using Grpc.Core;
using Grpc.Net.Client;
using PooledClients.Configuration;
using PooledClients.Platform;

namespace PooledClients.Grpc.Channels;

/// <summary>What a message that is larger than a channel allows is told as: with the limit, and the option that sets it.</summary>
internal sealed class MessageSizeWords(string client, GrpcChannelOptions channel)
{
    /// <summary>The failure in better words; none where it is another one.</summary>
    public RpcException? Explain(Exception? exception) => exception is not RpcException { StatusCode: StatusCode.ResourceExhausted } failure ? null
        : failure.Status.Detail switch
        {
            GrpcContracts.SentTooLarge => Explain(failure, "message to send", channel.MaxSendMessageSize, nameof(PooledGrpcClientOptions.MaxSendMessageSize)),
            GrpcContracts.ReceivedTooLarge => Explain(failure, "received message", channel.MaxReceiveMessageSize, nameof(PooledGrpcClientOptions.MaxReceiveMessageSize)),
            _ => null,
        };

    private RpcException Explain(RpcException failure, string message, int? limit, string option) => new(
        new Status(
            StatusCode.ResourceExhausted, $"The {message} is larger than {option} of client '{client}' allows: {limit} bytes. Raise {ConfigurationKeys.Grpc(client)}:{option}."),
        failure.Trailers);
}
