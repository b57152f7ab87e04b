using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using PooledClients.Configuration;

namespace PooledClients.Grpc;

/// <summary>Binds a gRPC client's options from its section, before any code sets them.</summary>
internal sealed class PooledGrpcClientOptionsBinder(IServiceProvider services, BindingErrors errors) : IConfigureNamedOptions<PooledGrpcClientOptions>
{
    public void Configure(string? name, PooledGrpcClientOptions options)
        => SectionBinder.Bind(
            services.GetService<IConfiguration>(),
            ConfigurationKeys.Grpc(name),
            errors,
            options,
            static (section, options) => section.Bind(options));

    public void Configure(PooledGrpcClientOptions options) => Configure(Options.DefaultName, options);
}
