using Grpc.Core;
using Samples.V1;

namespace Samples;

/// <summary>Counts the stock over and over. The stub is a singleton, as the worker is.</summary>
public sealed partial class StockCounter(Stock.StockClient stock, ILogger<StockCounter> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(10));
        do
        {
            try
            {
                var answer = await stock.CountAsync(new CountRequest { Item = "apples" }, cancellationToken: stoppingToken);
                LogCount(logger, answer.Count);
            }
            catch (RpcException exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailure(logger, exception.Status.Detail);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(LogLevel.Information, "There are {Count} apples.")]
    private static partial void LogCount(ILogger logger, int count);

    [LoggerMessage(LogLevel.Warning, "The stock was not counted: {Reason}")]
    private static partial void LogFailure(ILogger logger, string reason);
}
