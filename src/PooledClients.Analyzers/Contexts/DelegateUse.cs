using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Contexts;

/// <summary>What a lambda, or a local function that is not called but given on, is used for.</summary>
internal static class DelegateUse
{
    /// <summary>Events that an object or a process has once.</summary>
    private static readonly string[] Once =
        ["Load", "Unload", "Open", "Clos", "Exit", "Shutdown", "Disposed", "Start", "Stop", "Initialized", "CancelKeyPress", "ProcessExit", "Activated"];

    /// <summary>Where a function is taken as a delegate; nothing for any other operation.</summary>
    public static IEnumerable<IOperation> Of(IOperation function) => function switch
    {
        IAnonymousFunctionOperation when function.User() is { } user => [user],
        ILocalFunctionOperation local => new MemberReferences(function).To(local.Symbol.OriginalDefinition)
            .OfType<IMethodReferenceOperation>().Select(use => use.User()).OfType<IOperation>(),
        _ => [],
    };

    /// <summary>Tells whether code lies in a delegate that is kept for whoever calls it later, and each time: one of a field, or of an event.</summary>
    public static bool IsForLater(IOperation operation) => operation.Ancestors().SelectMany(Of).Any(user => user switch
    {
        IEventAssignmentOperation { Adds: true, EventReference: IEventReferenceOperation { Event.Name: var name } } => !Once.Any(once => name.StartsWith(once, StringComparison.Ordinal)),
        IAssignmentOperation assignment => assignment.Target is IFieldReferenceOperation or IPropertyReferenceOperation
            || (assignment.Target is IParameterReferenceOperation { Parameter: var parameter } && parameter.IsField()),
        IFieldInitializerOperation or IPropertyInitializerOperation => true,
        _ => false,
    });
}
