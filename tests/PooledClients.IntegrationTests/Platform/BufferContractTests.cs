using System.Net;
using PooledClients.Platform;

namespace PooledClients.IntegrationTests.Platform;

/// <summary>Asks the running runtime what it buffers a response in, and what it knows of a request's headers.</summary>
[Trait("Runtime", "Texts")]
public class BufferContractTests
{
    [Fact]
    public async Task IsBuffer_WhatTheRuntimeBuffersIn_IsTold()
    {
        using var content = new StreamSeen();
        using var response = new HttpResponseMessage { Content = content };
        using var handler = new Answering(response);
        using var client = new HttpClient(handler) { BaseAddress = new Uri("http://localhost/") };

        _ = await client.GetAsync("a", TestContext.Current.CancellationToken);
        Assert.True(RuntimeContracts.IsBuffer(content.Seen!));
        Assert.False(RuntimeContracts.IsBuffer(new MemoryStream()));
    }

    [Fact]
    public void HasHeaders_CollectionMadeAndFilled_IsTold()
    {
        using var request = new HttpRequestMessage();
        Assert.False(RuntimeContracts.HasHeaders(request));
        Assert.Empty(request.Headers.NonValidated);
        Assert.False(RuntimeContracts.HasHeaders(request));

        request.Headers.TryAddWithoutValidation("x-a", "b");

        Assert.True(RuntimeContracts.HasHeaders(request));
    }

    private sealed class Answering(HttpResponseMessage response) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(response);
    }

    private sealed class StreamSeen : HttpContent
    {
        public Stream? Seen { get; private set; }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            Seen = stream;
            return Task.CompletedTask;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
