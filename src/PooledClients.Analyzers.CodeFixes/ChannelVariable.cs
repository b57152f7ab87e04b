using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;

namespace PooledClients.Analyzers.CodeFixes;

/// <summary>A variable that holds a channel, and what a member does with it.</summary>
internal sealed class ChannelVariable
{
    private readonly VariableDeclaratorSyntax _declarator;
    private readonly List<SyntaxNode> _statements;

    private ChannelVariable(VariableDeclaratorSyntax declarator, SyntaxNode statement)
    {
        _declarator = declarator;
        _statements = [statement];
    }

    /// <summary>Gets what goes with the channel: its declaration, and its disposal.</summary>
    public IReadOnlyList<SyntaxNode> Statements => _statements;

    public static ChannelVariable? Of(ExpressionSyntax creation)
    {
        return creation.Parent is EqualsValueClauseSyntax { Parent: VariableDeclaratorSyntax { Parent: VariableDeclarationSyntax { Variables.Count: 1, Parent: LocalDeclarationStatementSyntax or UsingStatementSyntax } } declarator }
            ? new ChannelVariable(declarator, declarator.Parent!.Parent!)
            : null;
    }

    /// <summary>The clients made of it, or null when it is used in another way.</summary>
    public IReadOnlyList<BaseObjectCreationExpressionSyntax>? Clients(SemanticModel model, CancellationToken cancellationToken)
    {
        var clients = new List<BaseObjectCreationExpressionSyntax>();
        var local = model.GetDeclaredSymbol(_declarator, cancellationToken);
        var member = _declarator.FirstAncestorOrSelf<MemberDeclarationSyntax>()!;
        foreach (var use in member.DescendantNodes().OfType<IdentifierNameSyntax>().Where(name => name.Identifier.ValueText == _declarator.Identifier.ValueText))
        {
            if (!SymbolEqualityComparer.Default.Equals(model.GetSymbolInfo(use, cancellationToken).Symbol, local))
            {
                continue;
            }

            if (use.Parent is ArgumentSyntax { Parent: ArgumentListSyntax { Arguments.Count: 1, Parent: BaseObjectCreationExpressionSyntax client } })
            {
                clients.Add(client);
            }
            else if (use.FirstAncestorOrSelf<ExpressionStatementSyntax>() is { Parent: BlockSyntax } statement
                && use.Parent is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Dispose" or "ShutdownAsync" or "ConnectAsync" })
            {
                _statements.Add(statement);
            }
            else
            {
                return null;
            }
        }

        return clients.Count == 0 ? null : clients;
    }

    /// <summary>Takes a statement out of a class; of a using statement its body stays.</summary>
    public static TypeDeclarationSyntax Without(TypeDeclarationSyntax type, SyntaxNode statement)
    {
        return statement is UsingStatementSyntax block
            ? type.ReplaceNode(statement, block.Statement.WithTriviaFrom(block).WithAdditionalAnnotations(Formatter.Annotation))
            : type.RemoveNode(statement, SyntaxRemoveOptions.KeepUnbalancedDirectives)!;
    }
}
