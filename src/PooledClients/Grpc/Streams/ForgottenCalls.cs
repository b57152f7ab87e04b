using Grpc.Core;
using Microsoft.Extensions.Logging;
using PooledClients.Grpc.Telemetry;

namespace PooledClients.Grpc.Streams;

/// <summary>Hands streaming calls out so that one whose caller has dropped it is noticed by the next garbage collection, and ended.</summary>
internal sealed class ForgottenCalls(string address, TimeProvider time, ILogger logger, ChannelCalls? calls = null, Action? forgotten = null)
{
    public AsyncServerStreamingCall<TResponse> Follow<TResponse>(IMethod method, AsyncServerStreamingCall<TResponse> call, string? callSite)
    {
        var handle = Hold(method, call, callSite);
        return new AsyncServerStreamingCall<TResponse>(
            new HeldReader<TResponse>(call.ResponseStream, handle),
            static handle => Of<AsyncServerStreamingCall<TResponse>>(handle).ResponseHeadersAsync,
            static handle => Of<AsyncServerStreamingCall<TResponse>>(handle).GetStatus(),
            static handle => Of<AsyncServerStreamingCall<TResponse>>(handle).GetTrailers(),
            static handle => ((CallHandle)handle).Dispose(),
            handle);
    }

    // Nobody's but the channel's is the response, which would lead to its handle for as long as the call goes on.
    public AsyncClientStreamingCall<TRequest, TResponse> Follow<TRequest, TResponse>(IMethod method, AsyncClientStreamingCall<TRequest, TResponse> call, string? callSite)
    {
        var handle = Hold(method, call, callSite, call.ResponseAsync);
        return new AsyncClientStreamingCall<TRequest, TResponse>(
            new HeldWriter<TRequest>(call.RequestStream, handle, isAll: true),
            call.ResponseAsync,
            static handle => Of<AsyncClientStreamingCall<TRequest, TResponse>>(handle).ResponseHeadersAsync,
            static handle => Of<AsyncClientStreamingCall<TRequest, TResponse>>(handle).GetStatus(),
            static handle => Of<AsyncClientStreamingCall<TRequest, TResponse>>(handle).GetTrailers(),
            static handle => ((CallHandle)handle).Dispose(),
            handle);
    }

    public AsyncDuplexStreamingCall<TRequest, TResponse> Follow<TRequest, TResponse>(IMethod method, AsyncDuplexStreamingCall<TRequest, TResponse> call, string? callSite)
    {
        var handle = Hold(method, call, callSite);
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            new HeldWriter<TRequest>(call.RequestStream, handle, isAll: false),
            new HeldReader<TResponse>(call.ResponseStream, handle),
            static handle => Of<AsyncDuplexStreamingCall<TRequest, TResponse>>(handle).ResponseHeadersAsync,
            static handle => Of<AsyncDuplexStreamingCall<TRequest, TResponse>>(handle).GetStatus(),
            static handle => Of<AsyncDuplexStreamingCall<TRequest, TResponse>>(handle).GetTrailers(),
            static handle => ((CallHandle)handle).Dispose(),
            handle);
    }

    private static T Of<T>(object handle) => (T)((CallHandle)handle).Call;

    private CallHandle Hold(IMethod method, IDisposable call, string? callSite, Task? response = null) =>
        new(call, method.FullName, address, time, logger, calls?.Get(method.FullName).Callers, callSite, forgotten, response);
}
