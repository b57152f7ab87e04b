using System.Diagnostics.CodeAnalysis;
using System.Net;
using Grpc.Net.Client;
using PooledClients.Connections;
using PooledClients.Grpc.Calls;

namespace PooledClients.Grpc.Channels;

/// <summary>Refuses what <c>ConfigureChannel</c> may set on a plain channel and has no meaning on a pooled one, each with the way out.</summary>
internal static class ChannelOptionsCheck
{
    private const string Http2Only =
        "but pooled gRPC clients speak HTTP/2 only. For gRPC-Web over HTTP/1.1 make the channel over a pooled HTTP client: " +
        "GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpClient = factory.CreateClient(name), HttpVersion = HttpVersion.Version11 }), " +
        "where AddPooledHttpClient(name).AddHttpMessageHandler(() => new GrpcWebHandler()).";

    public static string CredentialsOnClearText(ServiceAddress address) =>
        $"call credentials are added, but {address} is clear text, where they are never sent; use an https:// address, or, where something beside this process " +
        "does the encryption, say so: ConfigureChannel(channel => channel.UnsafeUseInsecureChannelCallCredentials = true).";

    public static void Check(GrpcChannelOptions channel, ServiceAddress address, GrpcClientSetup setup)
    {
        if (Find(channel, address, setup).FirstOrDefault() is { } error)
        {
            throw new InvalidOperationException(error);
        }
    }

    /// <summary>Refuses a message handler that would have calls of the pool sent over HTTP/1.1.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "A property that was trimmed away was set by nobody.")]
    public static void Check(DelegatingHandler handler, GrpcClientSetup setup)
    {
        if (setup.PrimaryHandler is null && handler.GetType() is { FullName: "Grpc.Net.Client.Web.GrpcWebHandler" } type && type.GetProperty("HttpVersion")?.GetValue(handler) is Version { Major: < 2 } version)
        {
            throw new InvalidOperationException($"{type.Name} has the HttpVersion {version}, {Http2Only}");
        }
    }

    /// <summary>All that is wrong, as far as it can be told without an address where there is none.</summary>
    public static IEnumerable<string> Find(GrpcChannelOptions channel, ServiceAddress? address, GrpcClientSetup setup)
    {
        if (channel.HttpHandler is not null || channel.HttpClient is not null)
        {
            yield return
                "ConfigureChannel set HttpHandler or HttpClient, which would leave the pool; use ConfigureHandler or AddHttpMessageHandler instead, " +
                "or ConfigurePrimaryHttpMessageHandler where the pool is meant to be left.";
        }

        if (channel.ServiceConfig?.LoadBalancingConfigs.Count > 0)
        {
            yield return
                "ConfigureChannel set a service config with LoadBalancingConfigs, which belong to the channel's own connections; the pool makes and balances its connections itself. " +
                "Say how by Endpoints:Policy (RoundRobin, PickFirst and more) and who finds them by Endpoints:Resolver, and leave the LoadBalancingConfigs out; MethodConfigs may stay.";
        }

        // What has left the pool may speak what its handler speaks.
        if (setup.PrimaryHandler is null && channel.HttpVersion is { } version && version < HttpVersion.Version20)
        {
            yield return $"ConfigureChannel set HttpVersion to {version}, {Http2Only}";
        }

        if (setup.CallCredentials.Count > 0 && address is { IsSecure: false } && !channel.UnsafeUseInsecureChannelCallCredentials)
        {
            yield return CredentialsOnClearText(address);
        }
    }
}
