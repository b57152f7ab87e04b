using System.Net;
using Grpc.Net.Client;
using PooledClients.Connections;
using PooledClients.Grpc.Calls;

namespace PooledClients.Grpc.Channels;

/// <summary>Refuses what <c>ConfigureChannel</c> may set on a plain channel and has no meaning on a pooled one, each with the way out.</summary>
internal static class ChannelOptionsCheck
{
    public static string CredentialsOnClearText(ServiceAddress address) =>
        $"call credentials are added, but {address} is clear text, where they are never sent; use an https:// address, or, where something beside this process " +
        "does the encryption, say so: ConfigureChannel(channel => channel.UnsafeUseInsecureChannelCallCredentials = true).";

    public static void Check(GrpcChannelOptions channel, ServiceAddress address, GrpcClientSetup setup)
    {
        if (channel.HttpHandler is not null || channel.HttpClient is not null)
        {
            throw new InvalidOperationException(
                "ConfigureChannel set HttpHandler or HttpClient, which would leave the pool; use ConfigureHandler or AddHttpMessageHandler instead, " +
                "or ConfigurePrimaryHttpMessageHandler where the pool is meant to be left.");
        }

        if (channel.ServiceConfig?.LoadBalancingConfigs.Count > 0)
        {
            throw new InvalidOperationException(
                "ConfigureChannel set a service config with LoadBalancingConfigs, which belong to the channel's own connections; the pool makes and balances " +
                "its connections itself. Leave them out; MethodConfigs may stay.");
        }

        if (channel.HttpVersion is { } version && version < HttpVersion.Version20)
        {
            throw new InvalidOperationException(
                $"ConfigureChannel set HttpVersion to {version}, but pooled gRPC clients speak HTTP/2 only. For gRPC-Web over HTTP/1.1 make the channel over a pooled " +
                "HTTP client: GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpClient = factory.CreateClient(name), HttpVersion = HttpVersion.Version11 }), " +
                "where AddPooledHttpClient(name).AddHttpMessageHandler(() => new GrpcWebHandler()).");
        }

        if (setup.CallCredentials.Count > 0 && !address.IsSecure && !channel.UnsafeUseInsecureChannelCallCredentials)
        {
            throw new InvalidOperationException(CredentialsOnClearText(address));
        }
    }
}
