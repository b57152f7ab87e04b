using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace PooledClients.Grpc.Methods;

/// <summary>
/// The methods whose calls the channel itself makes again, for <c>ConfigureChannel</c> gave it a policy: nobody else does then, or the attempts would
/// multiply.
/// </summary>
internal sealed class ChannelRetries
{
    private readonly Dictionary<(string? Service, string? Method), bool> _methods = [];

    private ChannelRetries(ServiceConfig config)
    {
        foreach (var method in config.MethodConfigs)
        {
            foreach (var name in method.Names)
            {
                _methods[(name.Service, name.Method)] = method is not { RetryPolicy: null, HedgingPolicy: null };
            }
        }
    }

    /// <returns><see langword="null"/> where the channel makes no call again.</returns>
    public static ChannelRetries? From(ServiceConfig? config) =>
        config is not null && new ChannelRetries(config) is var retries && retries._methods.ContainsValue(true) ? retries : null;

    /// <summary>Whether the calls of a method are made again by the channel, whose most exact entry decides.</summary>
    public bool Make(IMethod method) =>
        (_methods.TryGetValue((method.ServiceName, method.Name), out var makes)
            || _methods.TryGetValue((method.ServiceName, null), out makes)
            || _methods.TryGetValue((null, null), out makes))
        && makes;
}
