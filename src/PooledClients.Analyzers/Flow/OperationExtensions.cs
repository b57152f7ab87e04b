using System.Collections.Generic;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace PooledClients.Analyzers.Flow;

/// <summary>Ways up from an operation.</summary>
internal static class OperationExtensions
{
    public static IEnumerable<IOperation> Ancestors(this IOperation operation)
    {
        for (var parent = operation.Parent; parent is not null; parent = parent.Parent)
        {
            yield return parent;
        }
    }

    /// <summary>The member's whole body.</summary>
    public static IOperation Root(this IOperation operation)
    {
        while (operation.Parent is { } parent)
        {
            operation = parent;
        }

        return operation;
    }

    /// <summary>The lambda or local function around an operation, or null.</summary>
    public static IOperation? EnclosingFunction(this IOperation operation)
    {
        foreach (var ancestor in operation.Ancestors())
        {
            if (ancestor is IAnonymousFunctionOperation or ILocalFunctionOperation)
            {
                return ancestor;
            }
        }

        return null;
    }

    /// <summary>The value below conversions and parentheses.</summary>
    public static IOperation Unwrapped(this IOperation operation)
    {
        while (true)
        {
            switch (operation)
            {
                case IConversionOperation conversion:
                    operation = conversion.Operand;
                    break;
                case IParenthesizedOperation parenthesized:
                    operation = parenthesized.Operand;
                    break;
                case IDelegateCreationOperation creation:
                    operation = creation.Target;
                    break;
                default:
                    return operation;
            }
        }
    }

    /// <summary>The operation above conversions, parentheses and awaits, that is, what uses the value.</summary>
    public static IOperation? User(this IOperation operation)
    {
        var parent = operation.Parent;
        while (parent is IConversionOperation or IParenthesizedOperation or IDelegateCreationOperation)
        {
            parent = parent.Parent;
        }

        return parent;
    }

    /// <summary>Tells whether a parameter is a field of its object: one of a primary constructor, which outlives every member that sets it.</summary>
    public static bool IsField(this IParameterSymbol parameter)
    {
        return parameter.ContainingSymbol is IMethodSymbol { MethodKind: MethodKind.Constructor, DeclaringSyntaxReferences: { Length: 1 } declared }
            && declared[0].GetSyntax() is TypeDeclarationSyntax;
    }

    public static bool DerivesFrom(this ITypeSymbol? type, string metadataName)
    {
        for (; type is not null; type = type.BaseType)
        {
            if (type.Is(metadataName))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Tells whether a type, its type arguments aside, has this full name.</summary>
    public static bool Is(this ITypeSymbol? type, string fullName)
    {
        var dot = fullName.LastIndexOf('.');
        return type is INamedTypeSymbol
            && string.CompareOrdinal(fullName, dot + 1, type.Name, 0, int.MaxValue) == 0
            && type.ContainingNamespace.Is(fullName, dot);
    }

    private static bool Is(this INamespaceSymbol? space, string fullName, int length)
    {
        while (length > 0)
        {
            var dot = fullName.LastIndexOf('.', length - 1);
            var nameLength = length - dot - 1;
            if (space is null || space.Name.Length != nameLength || string.CompareOrdinal(fullName, dot + 1, space.Name, 0, nameLength) != 0)
            {
                return false;
            }

            space = space.ContainingNamespace;
            length = dot;
        }

        return space is null or { IsGlobalNamespace: true };
    }
}
