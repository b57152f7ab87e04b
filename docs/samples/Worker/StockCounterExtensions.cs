using Samples.V1;

namespace Samples;

/// <summary>What the worker consists of.</summary>
public static class StockCounterExtensions
{
    public static IServiceCollection AddStockCounter(this IServiceCollection services)
    {
        services.AddPooledGrpcClient<Stock.StockClient>();
        return services.AddHostedService<StockCounter>();
    }
}
