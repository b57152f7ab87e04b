using System.Collections.Generic;
using System.Collections.Immutable;
using System.Composition;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using PooledClients.Analyzers.Flow;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace PooledClients.Analyzers.CodeFixes;

/// <summary>PC0001: the generated client comes by the constructor, and the channel goes.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class InjectClientFix : SyntaxFix
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ImmutableArray.Create("PC0001");

    /// <summary>Two fixes in one class would both change its constructor.</summary>
    public override FixAllProvider? GetFixAllProvider() => null;

    private protected override string Title => "Inject the client (register it by AddPooledGrpcClient)";

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node, SemanticModel model, CancellationToken cancellationToken)
    {
        var creation = node as ExpressionSyntax ?? (node as ArgumentSyntax)?.Expression;
        var channel = creation is null ? null : ChannelVariable.Of(creation);
        var clients = channel?.Clients(model, cancellationToken)
            ?? (creation?.Parent is ArgumentSyntax { Parent: ArgumentListSyntax { Arguments.Count: 1, Parent: BaseObjectCreationExpressionSyntax inline } } ? [inline] : null);
        var types = clients?.Select(client => model.GetTypeInfo(client, cancellationToken).Type).Distinct(SymbolEqualityComparer.Default).ToList();
        if (types is not { Count: 1 } || types[0] is not INamedTypeSymbol type || !type.DerivesFrom("Grpc.Core.ClientBase"))
        {
            return null;
        }

        var name = char.ToLowerInvariant(type.Name[0]) + type.Name.Substring(1);
        if (Injection.Into(clients![0], type, name, model) is not { } injection || clients[0].FirstAncestorOrSelf<ClassDeclarationSyntax>() is not { } owner)
        {
            return null;
        }

        TypeDeclarationSyntax changed = owner.TrackNodes(channel is null ? clients : clients.Concat(channel.Statements));
        changed = changed.ReplaceNodes(clients.Select(client => changed.GetCurrentNode(client)!), (client, _) => IdentifierName(injection.Member).WithTriviaFrom(client));
        foreach (var statement in channel?.Statements ?? Enumerable.Empty<SyntaxNode>())
        {
            changed = ChannelVariable.Without(changed, changed.GetCurrentNode(statement)!);
        }

        return root.ReplaceNode(owner, injection.Apply(changed));
    }
}
