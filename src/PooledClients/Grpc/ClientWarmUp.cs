using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using PooledClients.Configuration;
using PooledClients.Diagnostics;
using PooledClients.Grpc.WarmUp;

namespace PooledClients.Grpc;

/// <summary>
/// Connects the clients that ask for it, and meanwhile has their calls made to a server in this process, one after another: compiling takes longer than
/// connecting, and must not keep a connection waiting.
/// </summary>
internal sealed class ClientWarmUp(GrpcChannelPool pool, WarmUpOptions options, ILogger logger)
{
    // The first round compiles each method; what they share takes some more calls until it runs as it will. Measured: after one call the
    // next takes 6 times as long as those long after it, after 40 it takes 1.2 times as long.
    private const int LeastCalls = 40;

    public Task RunAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken)
        => Task.WhenAll([.. names.Select(name => ConnectAsync(name, cancellationToken)), WarmUpAsync(names, cancellationToken)]);

    private async Task WarmUpAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        // What is compiled ahead of time needs no warm-up, and a connection that a client needs is not taken for one.
        if (!RuntimeFeature.IsDynamicCodeCompiled || pool.ConnectionBudget <= names.Count)
        {
            return;
        }

        WarmUpChannel channel;
        try
        {
            channel = pool.CreateWarmUpChannel();
        }
        catch (SocketException exception)
        {
            logger.WarmUpCallsFailed(string.Join(", ", names), exception);
            return;
        }

        using (channel)
        {
            await WarmUpAsync(names.ToList(), channel, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WarmUpAsync(List<string> left, WarmUpChannel channel, CancellationToken cancellationToken)
    {
        for (var calls = 0; left.Count > 0 && calls < LeastCalls;)
        {
            foreach (var name in left.ToArray())
            {
                var made = cancellationToken.IsCancellationRequested ? 0 : await TryWarmUpAsync(name, channel, cancellationToken).ConfigureAwait(false);
                calls += made;
                if (made == 0)
                {
                    left.Remove(name);
                }
            }
        }
    }

    private async Task<int> TryWarmUpAsync(string name, WarmUpChannel channel, CancellationToken cancellationToken)
    {
        try
        {
            return await pool.WarmUpAsync(name, channel, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // It runs the client's own code, and is no reason to fail: the first call compiles what this did not.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            logger.WarmUpCallsFailed(name, exception);
            return 0;
        }
    }

    private async Task ConnectAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await pool.ConnectAsync(name, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or RpcException)
        {
            if (options.FailStart)
            {
                throw new InvalidOperationException(
                    $"Pooled client '{name}' did not connect while the host started, and {ConfigurationKeys.Root}:WarmUp:FailStart is set: {exception.Message}", exception);
            }

            logger.WarmUpFailed(name, exception.Message);
        }
    }
}
