using System.Buffers;
using Grpc.Core;
using PooledClients.Grpc.ServiceConfigs;

namespace PooledClients.Grpc.Methods;

/// <summary>The message size limits that a service config sets for a method, beside the channel's: the smaller holds.</summary>
internal sealed class MessageLimits
{
    private readonly int? _request;
    private readonly int? _response;
    private Tuple<IMethod, IMethod>? _latest;

    private MessageLimits(int? request, int? response)
    {
        _request = request;
        _response = response;
    }

    public static MessageLimits? From(MethodConfig? config) => config is { MaxRequestMessageBytes: null, MaxResponseMessageBytes: null } or null
        ? null
        : new MessageLimits(config.MaxRequestMessageBytes, config.MaxResponseMessageBytes);

    /// <summary>The same method, whose marshallers refuse what is too large with <c>ResourceExhausted</c>.</summary>
    public Method<TRequest, TResponse> Limit<TRequest, TResponse>(Method<TRequest, TResponse> method)
    {
        // Generated code has one object a method; code that makes a new one for each call gets a new one here too.
        if (_latest is { } latest && ReferenceEquals(latest.Item1, method))
        {
            return (Method<TRequest, TResponse>)latest.Item2;
        }

        var limited = new Method<TRequest, TResponse>(
            method.Type,
            method.ServiceName,
            method.Name,
            LimitSent(method.RequestMarshaller, _request),
            LimitReceived(method.ResponseMarshaller, _response));
        _latest = Tuple.Create<IMethod, IMethod>(method, limited);
        return limited;
    }

    private static Marshaller<T> LimitSent<T>(Marshaller<T> inner, int? max) => max is not { } bytes
        ? inner
        : new Marshaller<T>(
            (message, context) => inner.ContextualSerializer(message, new LimitedContext(context, bytes)), inner.ContextualDeserializer);

    private static Marshaller<T> LimitReceived<T>(Marshaller<T> inner, int? max) => max is not { } bytes
        ? inner
        : new Marshaller<T>(
            inner.ContextualSerializer,
            context => context.PayloadLength <= bytes ? inner.ContextualDeserializer(context) : throw TooLarge("received", context.PayloadLength, bytes, "maxResponseMessageBytes"));

    private static RpcException TooLarge(string what, int size, int max, string setting) => new(new Status(
        StatusCode.ResourceExhausted,
        $"The message {what} has {size} bytes; the service config's {setting} allows {max}."));

    private sealed class LimitedContext(SerializationContext inner, int max) : SerializationContext
    {
        public override void SetPayloadLength(int payloadLength)
        {
            Check(payloadLength);
            inner.SetPayloadLength(payloadLength);
        }

        public override IBufferWriter<byte> GetBufferWriter() => inner.GetBufferWriter();

        public override void Complete() => inner.Complete();

        public override void Complete(byte[] payload)
        {
            Check(payload.Length);
            inner.Complete(payload);
        }

        private void Check(int size)
        {
            if (size > max)
            {
                throw TooLarge("to send", size, max, "maxRequestMessageBytes");
            }
        }
    }
}
