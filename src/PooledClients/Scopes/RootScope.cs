using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.Scopes;

/// <summary>The container's own services, which belong to no scope: whoever holds them holds them for all callers.</summary>
internal sealed class RootScope(IServiceProvider services)
{
    public static bool IsRoot(IServiceProvider scope) => ReferenceEquals(scope.GetRequiredService<RootScope>().Services, scope);

    private IServiceProvider Services => services;
}
