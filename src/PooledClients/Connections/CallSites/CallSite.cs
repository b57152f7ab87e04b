using System.Diagnostics;

namespace PooledClients.Connections.CallSites;

/// <summary>
/// Names the code that sends a request. A stack costs some 15 KB and 30 µs, so whoever asks samples. It has to be asked synchronously
/// in the outermost handler: after an await only the innermost async method is on the stack.
/// </summary>
internal static class CallSite
{
    /// <summary>
    /// The innermost method outside System, Microsoft, Polly, gRPC with its generated clients, and this library; when it is not async itself,
    /// followed by the innermost one that is. <see langword="null"/> when there is none on the stack.
    /// </summary>
    public static string? Capture()
    {
        string? innermost = null;
        foreach (var frame in new StackTrace(skipFrames: 1, fNeedFileInfo: false).GetFrames())
        {
            if (DiagnosticMethodInfo.Create(frame) is not { } method || IsPlumbing(method.DeclaringAssemblyName) || IsGenerated(method.DeclaringTypeName))
            {
                continue;
            }

            var name = MethodName.Format(method.DeclaringTypeName ?? "", method.Name, out var isAsync);
            if (isAsync)
            {
                return innermost is null || innermost == name ? name : $"{innermost}, called by {name}";
            }

            innermost ??= name;
        }

        return innermost;
    }

    // The stub of a contract: Store+StoreClient in Store.
    private static bool IsGenerated(string? type)
    {
        if (type?.LastIndexOf('+') is not (> 0 and var nested))
        {
            return false;
        }

        var holder = type.AsSpan(type.LastIndexOf('.', nested) + 1, nested - type.LastIndexOf('.', nested) - 1);
        var name = type.AsSpan(nested + 1);
        return name.StartsWith(holder, StringComparison.Ordinal) && name[holder.Length..] is "Client";
    }

    private static bool IsPlumbing(string? assembly)
    {
        var name = assembly.AsSpan();
        var end = name.IndexOf(',');
        name = end < 0 ? name : name[..end];
        return name is "" or "System" or "Polly" or "PooledClients" or "PooledClients.AspNetCore"
            || name.StartsWith("System.", StringComparison.Ordinal)
            || name.StartsWith("Microsoft.", StringComparison.Ordinal)
            || name.StartsWith("Polly.", StringComparison.Ordinal)
            || name.StartsWith("Grpc.", StringComparison.Ordinal);
    }
}
