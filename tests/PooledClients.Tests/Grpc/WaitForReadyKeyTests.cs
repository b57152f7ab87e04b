using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using PooledClients.Platform;
using RocksDb.V1;

namespace PooledClients.Tests.Grpc;

/// <summary>Pins what Grpc.Net.Client only does, and does not promise.</summary>
public class WaitForReadyKeyTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_OverAnyHandler_CarriesTheCallsFlag(bool waitForReady)
    {
        using var handler = new CapturingHandler();
        using var channel = GrpcChannel.ForAddress("https://localhost", new GrpcChannelOptions { HttpHandler = handler });

        var call = new KeyValue.KeyValueClient(channel).GetAsync(new GetRequest(), default(CallOptions).WithWaitForReady(waitForReady));
        await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal(waitForReady, handler.Request!.Options.TryGetValue(GrpcContracts.WaitForReady, out var flag) && flag);
    }

    private sealed class CapturingHandler : HttpMessageHandler
    {
        public HttpRequestMessage? Request { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Request = request;
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.NotFound));
        }
    }
}
