using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace PooledClients.Grpc.Methods;

/// <summary>
/// Reads from the contract whether a method may be processed twice (its <c>idempotency_level</c>). Where the contract is, in
/// order: the descriptor that the registration gave, the one that generated code keeps beside the client, the file of the
/// method's messages.
/// </summary>
internal sealed class Idempotency(Type? clientType, ServiceDescriptor? given)
{
    private readonly ServiceDescriptor? _service = given ?? BesideClient(clientType);

    /// <summary>The methods of the contract beside the client; none where it is not there.</summary>
    public IEnumerable<MethodDescriptor> Methods => _service?.Methods ?? [];

    /// <returns><see langword="null"/> when no contract is to be found.</returns>
    public bool? Find<TRequest, TResponse>(Method<TRequest, TResponse> method, TRequest? request)
        where TRequest : class
        where TResponse : class
    {
        var descriptor = FindMethod(_service, method)
            ?? FindMethod((request as IMessage)?.Descriptor, method)
            ?? FindMethod(EmptyMessage(method.ResponseMarshaller)?.Descriptor, method);

        return descriptor is null
            ? null
            : descriptor.GetOptions()?.IdempotencyLevel is MethodOptions.Types.IdempotencyLevel.NoSideEffects
                or MethodOptions.Types.IdempotencyLevel.Idempotent;
    }

    private static MethodDescriptor? FindMethod(ServiceDescriptor? service, IMethod method) =>
        service?.FullName == method.ServiceName ? service.FindMethodByName(method.Name) : null;

    private static MethodDescriptor? FindMethod(MessageDescriptor? message, IMethod method)
    {
        foreach (var service in message?.File.Services ?? [])
        {
            if (FindMethod(service, method) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    // The response's type is known long before there is a response: no bytes are a valid message of every proto3 type.
    private static IMessage? EmptyMessage<TResponse>(Marshaller<TResponse> marshaller)
        where TResponse : class
    {
        if (!typeof(IMessage).IsAssignableFrom(typeof(TResponse)))
        {
            return null;
        }

        try
        {
            return marshaller.ContextualDeserializer(new EmptyPayload()) as IMessage;
        }
        catch (Exception e) when (e is NotImplementedException or NotSupportedException or InvalidProtocolBufferException)
        {
            return null;
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "Where it is trimmed away, the messages' own descriptor is used.")]
    public static ServiceDescriptor? BesideClient(Type? clientType) =>
        clientType?.DeclaringType?.GetProperty("Descriptor", typeof(ServiceDescriptor))?.GetValue(null) as ServiceDescriptor;

    private sealed class EmptyPayload : DeserializationContext
    {
        public override int PayloadLength => 0;

        public override byte[] PayloadAsNewBuffer() => [];

        public override System.Buffers.ReadOnlySequence<byte> PayloadAsReadOnlySequence() => default;
    }
}
