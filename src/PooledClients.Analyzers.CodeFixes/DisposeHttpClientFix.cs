using System.Collections.Immutable;
using System.Composition;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace PooledClients.Analyzers.CodeFixes;

/// <summary>PC0003: the channel disposes its handler.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class DisposeHttpClientFix : SyntaxFix
{
    private const string Setting = "DisposeHttpClient";

    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ImmutableArray.Create("PC0003");

    private protected override string Title => "Set DisposeHttpClient = true";

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node, SemanticModel model, CancellationToken cancellationToken)
    {
        if (node.FirstAncestorOrSelf<AssignmentExpressionSyntax>() is not { } handler)
        {
            return null;
        }

        if (handler.Parent is InitializerExpressionSyntax initializer)
        {
            var denied = initializer.Expressions.OfType<AssignmentExpressionSyntax>().FirstOrDefault(setting => setting.Left is IdentifierNameSyntax { Identifier.ValueText: Setting });
            return denied is null
                ? root.ReplaceNode(initializer, InitializerElements.Add(initializer, handler, $"{Setting} = true"))
                : root.ReplaceNode(denied.Right, LiteralExpression(SyntaxKind.TrueLiteralExpression).WithTriviaFrom(denied.Right));
        }

        if (handler is { Left: MemberAccessExpressionSyntax { Expression: var options }, Parent: ExpressionStatementSyntax { Parent: BlockSyntax block } statement })
        {
            var setting = ParseStatement($"{options.WithoutTrivia()}.{Setting} = true;").WithLeadingTrivia(ElasticMarker).WithTrailingTrivia(ElasticCarriageReturnLineFeed).WithAdditionalAnnotations(Formatter.Annotation);
            return root.ReplaceNode(block, block.WithStatements(block.Statements.Insert(block.Statements.IndexOf(statement) + 1, setting)).WithAdditionalAnnotations(Formatter.Annotation));
        }

        return null;
    }
}
