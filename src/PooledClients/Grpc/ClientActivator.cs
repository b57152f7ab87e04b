using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Grpc.Core;

namespace PooledClients.Grpc;

/// <summary>Knows a client type's constructor and call methods.</summary>
internal static class ClientActivator
{
    public const DynamicallyAccessedMemberTypes NeededMembers =
        DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicMethods;

    /// <summary>The public constructor that takes the call invoker; none if the type has none or cannot be made.</summary>
    public static ConstructorInvoker? FindConstructor([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] Type type)
        => !type.IsAbstract && type.GetConstructor([typeof(CallInvoker)]) is { } constructor ? ConstructorInvoker.Create(constructor) : null;

    /// <summary>The names of a generated client's methods as its contract has them; empty for a client that was not generated.</summary>
    public static IReadOnlySet<string> FindCallMethods([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicMethods)] Type type)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance))
        {
            if (!method.ReturnType.IsGenericType)
            {
                continue;
            }

            var call = method.ReturnType.GetGenericTypeDefinition();
            if (call == typeof(AsyncUnaryCall<>))
            {
                // Only a unary method has a blocking twin, which keeps the bare name.
                names.Add(method.Name.EndsWith("Async", StringComparison.Ordinal) ? method.Name[..^"Async".Length] : method.Name);
            }
            else if (call == typeof(AsyncServerStreamingCall<>) || call == typeof(AsyncClientStreamingCall<,>) || call == typeof(AsyncDuplexStreamingCall<,>))
            {
                names.Add(method.Name);
            }
        }

        return names;
    }
}
