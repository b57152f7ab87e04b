using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using PooledClients.Configuration;

namespace PooledClients.Grpc;

/// <summary>Binds a gRPC client's options from its section, before any code sets them.</summary>
internal sealed class PooledGrpcClientOptionsBinder(IServiceProvider services, BindingErrors errors, IEnumerable<GrpcClientRegistration> clients) : IConfigureNamedOptions<PooledGrpcClientOptions>
{
    public void Configure(string? name, PooledGrpcClientOptions options)
        => SectionBinder.Bind(
            services.GetService<IConfiguration>(),
            ConfigurationKeys.Grpc(name),
            errors,
            options,
            static (section, options) => section.Bind(options),
            clients.Select(static client => ConfigurationKeys.Grpc(client.Name)));

    public void Configure(PooledGrpcClientOptions options) => Configure(Options.DefaultName, options);
}
