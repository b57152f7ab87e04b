extern alias worker;

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using worker::Samples;

namespace Samples.Tests;

public sealed class WorkerTests
{
    [Fact]
    public async Task StockCounter_WithAFake_Counts()
    {
        var counted = new TaskCompletionSource();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddStockCounter();
        builder.Services.ReplacePooledGrpcClient<worker::Samples.V1.Stock.StockClient>(new CountedStock(counted));
        using var host = builder.Build();

        await host.StartAsync(TestContext.Current.CancellationToken);
        await counted.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    private sealed class CountedStock(TaskCompletionSource counted) : worker::Samples.V1.Stock.StockClient
    {
        public override Grpc.Core.AsyncUnaryCall<worker::Samples.V1.CountResponse> CountAsync(
            worker::Samples.V1.CountRequest request, Grpc.Core.Metadata? headers = null, DateTime? deadline = null, CancellationToken cancellationToken = default)
        {
            counted.TrySetResult();
            return new(Task.FromResult(new worker::Samples.V1.CountResponse()), Task.FromResult(new Grpc.Core.Metadata()), () => Grpc.Core.Status.DefaultSuccess, () => [], () => { });
        }
    }
}
