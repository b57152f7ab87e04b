using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Deadlines;

/// <summary>
/// The clients that a project registers by AddPooledGrpcClient. Read when first asked for, by name and without binding: the rule is off
/// by default, and a name that is met twice is silent.
/// </summary>
internal sealed class PooledTypes(Compilation compilation)
{
    private const string Registration = "AddPooledGrpcClient";
    private ImmutableHashSet<string>? _names;

    public bool Contains(ITypeSymbol client, CancellationToken cancellationToken)
    {
        var names = _names ??= Read(cancellationToken);
        return names.Contains(client.Name);
    }

    /// <summary>A client that the library's own factories made, here or where the variable was given it.</summary>
    public static bool MakesPooled(IOperation client)
    {
        client = client.Unwrapped();
        var origin = client is ILocalReferenceOperation local
            ? new MemberReferences(client).Root.Descendants().OfType<IVariableDeclaratorOperation>()
                .FirstOrDefault(declarator => SymbolEqualityComparer.Default.Equals(declarator.Symbol, local.Local))?.Initializer
            : client;
        return origin?.DescendantsAndSelf().Any(part => IsOfLibrary(part.Type)) == true;
    }

    private static bool IsOfLibrary(ITypeSymbol? type) => type.Is("PooledClients.IPooledGrpcClientFactory") || type.Is("PooledClients.IGrpcChannelPool");

    private ImmutableHashSet<string> Read(CancellationToken cancellationToken)
    {
        var names = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (var tree in compilation.SyntaxTrees)
        {
            if (!tree.GetText(cancellationToken).ToString().Contains(Registration))
            {
                continue;
            }

            foreach (var name in Registered(tree.GetRoot(cancellationToken)))
            {
                names.Add(name);
            }
        }

        return names.ToImmutable();
    }

    private static IEnumerable<string> Registered(SyntaxNode root)
    {
        return root.DescendantNodes().OfType<GenericNameSyntax>()
            .Where(name => name.Identifier.ValueText == Registration && name.TypeArgumentList.Arguments.Count > 0)
            .Select(name => name.TypeArgumentList.Arguments[0] switch
            {
                QualifiedNameSyntax qualified => qualified.Right.Identifier.ValueText,
                SimpleNameSyntax simple => simple.Identifier.ValueText,
                var other => other.ToString(),
            });
    }
}
