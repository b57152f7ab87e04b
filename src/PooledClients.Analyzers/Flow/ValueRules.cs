using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace PooledClients.Analyzers.Flow;

/// <summary>What is known of one kind of value: which of its members give it on, release it, or are harmless.</summary>
internal abstract class ValueRules
{
    /// <summary>A method is called on the value; of an extension method it is the first argument.</summary>
    public abstract Step OnReceiver(IInvocationOperation call, IOperation value);

    /// <summary>A property of the value is read.</summary>
    public virtual Step OnProperty(IPropertyReferenceOperation property) => property.Property.Name == "Result" ? Step.Alias : Step.Nothing;

    /// <summary>The value is an argument of a method, a constructor or an indexer.</summary>
    public abstract Step OnArgument(IArgumentOperation argument, IOperation owner);

    /// <summary>The value is stored in a property of another object; an alias means that the object now holds it.</summary>
    public virtual Step OnStored(IPropertyReferenceOperation target) => Step.Kept;

    /// <summary>The value is enumerated.</summary>
    public virtual Step OnEnumerated(IForEachLoopOperation loop) => Step.Nothing;

    /// <summary>The value is awaited.</summary>
    public virtual Step OnAwaited(IOperation value) => Step.Alias;

    protected static bool IsDisposal(IMethodSymbol method) => method.Name is "Dispose" or "DisposeAsync" or "Close" && method.Parameters.Length == 0;

    /// <summary>Tells whether a method of a task gives the task's result on.</summary>
    protected static bool GivesResult(IMethodSymbol method)
        => method.Name is "ConfigureAwait" or "WaitAsync" or "GetAwaiter" or "GetResult" or "AsTask" or "WithCancellation" or "Unwrap";

    /// <summary>Tells whether a method only looks at its arguments.</summary>
    protected static bool OnlyLooks(IMethodSymbol method)
    {
        return method.Name is "ThrowIfNull" or "ReferenceEquals" or "NotNull" or "IsNotNull"
            || (method.ContainingType?.Name is "Console" or "Debug" or "Trace" && method.Name is "WriteLine" or "Write" or "Assert")
            || (method.ContainingType?.Name is "GC" && method.Name is "KeepAlive" or "SuppressFinalize");
    }
}
