using System.Collections.Immutable;
using System.Composition;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace PooledClients.Analyzers.CodeFixes;

/// <summary>PC0006: certificates are validated again.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class RemoveValidationOffFix : SyntaxFix
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ImmutableArray.Create("PC0006");

    private protected override string Title => "Validate certificates (trust a private authority by Tls.CaCertificatePath)";

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node, SemanticModel model, CancellationToken cancellationToken)
    {
        var value = node is ArgumentSyntax argument ? argument.Expression : node;
        while (value.Parent is ParenthesizedExpressionSyntax or CastExpressionSyntax)
        {
            value = value.Parent;
        }

        var assignment = value as AssignmentExpressionSyntax ?? (value.Parent is AssignmentExpressionSyntax parent && parent.Right == value ? parent : null);
        switch (assignment?.Parent)
        {
            case InitializerExpressionSyntax initializer:
                return root.ReplaceNode(initializer, initializer.WithExpressions(initializer.Expressions.Remove(assignment)).WithAdditionalAnnotations(Formatter.Annotation));
            case ExpressionStatementSyntax { Parent: BlockSyntax } statement:
                return root.RemoveNode(statement, SyntaxRemoveOptions.KeepUnbalancedDirectives);
            case ExpressionStatementSyntax statement:
                return root.ReplaceNode(statement, Block());
        }

        // A delegate elsewhere: none means that the platform validates.
        return value is ExpressionSyntax expression
            ? root.ReplaceNode(expression, PostfixUnaryExpression(SyntaxKind.SuppressNullableWarningExpression, LiteralExpression(SyntaxKind.NullLiteralExpression)).WithTriviaFrom(expression))
            : null;
    }
}
