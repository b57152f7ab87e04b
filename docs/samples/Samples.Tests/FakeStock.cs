using Grpc.Core;
using Samples.V1;

namespace Samples.Tests;

/// <summary>A stub that answers without a server: generated clients are made to be derived from.</summary>
internal sealed class FakeStock(int count) : Stock.StockClient
{
    public override AsyncUnaryCall<CountResponse> CountAsync(
        CountRequest request, Metadata? headers = null, DateTime? deadline = null, CancellationToken cancellationToken = default)
        => new(Task.FromResult(new CountResponse { Count = count }), Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });
}
