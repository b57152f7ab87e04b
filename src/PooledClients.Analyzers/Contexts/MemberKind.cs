using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Contexts;

/// <summary>Tells members that run once from those that run for each call.</summary>
internal static class MemberKind
{
    /// <summary>Tells whether code runs once a process or an object, or in a test.</summary>
    public static bool RunsOnce(IOperation operation, ISymbol member)
    {
        if (TestCode.Contains(member))
        {
            return true;
        }

        if (IsRequestHandler(operation))
        {
            return false;
        }

        if (member is IFieldSymbol or IPropertySymbol or IEventSymbol or IMethodSymbol { MethodKind: MethodKind.Constructor or MethodKind.StaticConstructor })
        {
            return IsFactoryOfOne(operation) || !DelegateUse.IsForLater(operation);
        }

        return (member is IMethodSymbol method && (IsStart(method) || (IsHosted(method) && !IsRepeated(operation))))
            || IsFactoryOfOne(operation)
            || IsAroundHost(operation);
    }

    /// <summary>Tells whether a method belongs to the start of a process.</summary>
    private static bool IsStart(IMethodSymbol method)
    {
        return (method.IsStatic && method.Name is "Main" or "<Main>$")
            || (method.Name is "Configure" or "ConfigureServices" && method.ContainingType.Name == "Startup")
            || method.Parameters.Any(parameter => parameter.Type.Is("Microsoft.Extensions.DependencyInjection.IServiceCollection"));
    }

    private static bool IsHosted(IMethodSymbol method)
    {
        return (method.Name == "ExecuteAsync" && method.ContainingType.DerivesFrom("Microsoft.Extensions.Hosting.BackgroundService"))
            || (method.Name is "StartAsync" or "StopAsync" && method.ContainingType.AllInterfaces.Any(type => type.Is("Microsoft.Extensions.Hosting.IHostedService")));
    }

    private static bool IsRepeated(IOperation operation)
        => operation.Ancestors().Any(ancestor => ancestor is ILoopOperation or IAnonymousFunctionOperation);

    /// <summary>An endpoint or a middleware, wherever it is written, runs for each request.</summary>
    public static bool IsRequestHandler(IOperation operation)
    {
        return operation.Ancestors().SelectMany(DelegateUse.Of).Any(user => user is IArgumentOperation { Parent: IInvocationOperation { TargetMethod: var method } }
            && (method.Name.StartsWith("Map", System.StringComparison.Ordinal) || method.Name is "Use" or "Run")
            && IsIn(method, "Microsoft.AspNetCore"));
    }

    /// <summary>A member that runs a host runs as long as that.</summary>
    private static bool IsAroundHost(IOperation operation)
    {
        return operation.Root().Descendants().Any(part => part is IInvocationOperation { TargetMethod: { Name: "Run" or "RunAsync" or "WaitForShutdown" or "WaitForShutdownAsync" } method }
            && (IsIn(method, "Microsoft.AspNetCore") || IsIn(method, "Microsoft.Extensions.Hosting")));
    }

    private static bool IsIn(IMethodSymbol method, string space)
        => method.ContainingNamespace?.ToDisplayString().StartsWith(space, System.StringComparison.Ordinal) == true;

    /// <summary>A lazy value or a singleton is made once.</summary>
    private static bool IsFactoryOfOne(IOperation operation)
    {
        return operation.Ancestors().Any(ancestor => ancestor is IAnonymousFunctionOperation && ancestor.User() is IArgumentOperation argument
            && argument.Parent switch
            {
                IObjectCreationOperation creation => creation.Type?.Name.Contains("Lazy") == true,
                IInvocationOperation call => call.TargetMethod.Name.Contains("Singleton") || call.TargetMethod.Name is "EnsureInitialized" or "GetOrAdd" or "GetOrCreate" or "GetOrCreateAsync",
                _ => false,
            });
    }
}
