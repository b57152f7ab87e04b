namespace PooledClients.Connections.CallSites;

/// <summary>
/// Turns a method as the runtime names it into the method as its author wrote it: <c>Shop.Repo+&lt;Inner&gt;d__4.MoveNext</c> into
/// <c>Shop.Repo.Inner</c>, lambdas and local functions into the method that holds them.
/// </summary>
internal static class MethodName
{
    /// <param name="declaringType">The full name of the type, nested types after a <c>+</c>.</param>
    /// <param name="method">The bare name of the method.</param>
    /// <param name="isAsync">Whether the method is a state machine's: of an async method or, rarely here, of an iterator.</param>
    public static string Format(string declaringType, string method, out bool isAsync)
    {
        isAsync = false;
        var types = declaringType.Split('+');
        var innermost = types[^1];
        if (method == "MoveNext" && innermost.StartsWith('<') && innermost.LastIndexOf(">d", StringComparison.Ordinal) is > 0 and var end)
        {
            isAsync = true;
            method = innermost[1..end];
            types = types[..^1];
        }

        // What the compiler makes to hold captured variables: <>c, <>c__DisplayClass4_0.
        var type = string.Join('.', types.Where(static name => !name.StartsWith('<')).Select(WithoutArity));
        method = Unmangle(method);
        return type.Length == 0 ? method : $"{type}.{method}";
    }

    // "<Inner>b__0" is a lambda in Inner, "<Inner>g__Parse|0_0" a local function, "<Main>$" the body of a program.
    private static string Unmangle(string method)
    {
        if (!method.StartsWith('<'))
        {
            return WithoutArity(method);
        }

        var end = method.LastIndexOf('>');
        if (end <= 1)
        {
            return method;
        }

        var holder = Unmangle(method[1..end]);
        var rest = method[(end + 1)..];
        return rest.StartsWith("g__", StringComparison.Ordinal) && rest.IndexOf('|') is > 3 and var bar ? $"{holder}.{rest[3..bar]}" : holder;
    }

    private static string WithoutArity(string name)
    {
        var tick = name.IndexOf('`');
        return tick < 0 ? name : name[..tick];
    }
}
