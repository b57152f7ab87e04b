using System.Collections.Immutable;
using System.Composition;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;
using Microsoft.CodeAnalysis.Operations;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace PooledClients.Analyzers.CodeFixes;

/// <summary>PC0004 and PC0005: the response or the call belongs to a using.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class UsingFix : SyntaxFix
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ImmutableArray.Create("PC0004", "PC0005");

    private protected override string Title => "Dispose it by using";

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node, SemanticModel model, CancellationToken cancellationToken)
    {
        if (node is not ExpressionSyntax call || model.GetOperation(call, cancellationToken) is not IInvocationOperation operation || !HeldScope.EndsHere(operation))
        {
            return null;
        }

        var value = HeldValue.Above(call);
        if (Declaration(value) is { } declaration)
        {
            return HeldValue.IsTask(value, model, cancellationToken)
                ? Awaited(root, declaration, model, cancellationToken)
                : WithUsing(root, declaration, model, cancellationToken);
        }

        return HeldValue.IsTask(value, model, cancellationToken) ? null : Extracted(root, value, model, cancellationToken);
    }

    private static LocalDeclarationStatementSyntax? Declaration(ExpressionSyntax value)
    {
        return value.Parent is EqualsValueClauseSyntax { Parent: VariableDeclaratorSyntax { Parent: VariableDeclarationSyntax { Variables.Count: 1, Parent: LocalDeclarationStatementSyntax statement } } }
            ? statement
            : null;
    }

    /// <summary>A variable that is given another value, or whose type has no end, cannot belong to a using.</summary>
    private static SyntaxNode? WithUsing(SyntaxNode root, LocalDeclarationStatementSyntax declaration, SemanticModel model, CancellationToken cancellationToken)
    {
        if (declaration.Parent is not BlockSyntax block || model.GetDeclaredSymbol(declaration.Declaration.Variables[0], cancellationToken) is not ILocalSymbol local
            || !local.Type.AllInterfaces.Any(type => type.SpecialType == SpecialType.System_IDisposable)
            || block.DescendantNodes().OfType<AssignmentExpressionSyntax>().Any(assignment => SymbolEqualityComparer.Default.Equals(model.GetSymbolInfo(assignment.Left, cancellationToken).Symbol, local)))
        {
            return null;
        }

        var leading = declaration.GetLeadingTrivia();
        var changed = declaration.WithoutLeadingTrivia().WithUsingKeyword(Token(SyntaxKind.UsingKeyword).WithTrailingTrivia(Space)).WithLeadingTrivia(leading);
        return root.ReplaceNode(declaration, changed);
    }

    /// <summary>var task = …; var response = await task;</summary>
    private static SyntaxNode? Awaited(SyntaxNode root, LocalDeclarationStatementSyntax task, SemanticModel model, CancellationToken cancellationToken)
    {
        var name = task.Declaration.Variables[0].Identifier.ValueText;
        var awaited = task.Parent?.ChildNodes().OfType<LocalDeclarationStatementSyntax>().FirstOrDefault(statement => statement.Declaration.Variables is { Count: 1 } variables
            && variables[0].Initializer?.Value is AwaitExpressionSyntax { Expression: IdentifierNameSyntax identifier } && identifier.Identifier.ValueText == name);
        return awaited is null ? null : WithUsing(root, awaited, model, cancellationToken);
    }

    /// <summary>Gives the value a variable of its own, before the statement that it is part of.</summary>
    private static SyntaxNode? Extracted(SyntaxNode root, ExpressionSyntax value, SemanticModel model, CancellationToken cancellationToken)
    {
        var type = model.GetTypeInfo(value, cancellationToken).Type?.Name;
        var name = HeldValue.FreeName(type is "HttpResponseMessage" ? "response" : type is "Stream" ? "stream" : "call", value, model);
        var declaration = LocalDeclarationStatement(VariableDeclaration(IdentifierName("var"), SingletonSeparatedList(VariableDeclarator(Identifier(name)).WithInitializer(EqualsValueClause(value.WithoutTrivia())))))
            .WithUsingKeyword(Token(SyntaxKind.UsingKeyword).WithTrailingTrivia(Space)).NormalizeWhitespace().WithAdditionalAnnotations(Formatter.Annotation);
        SyntaxNode target = value.Parent is ParenthesizedExpressionSyntax parenthesized ? parenthesized : value;
        var identifier = IdentifierName(name).WithTriviaFrom(target);

        if (Arrow(value) is { } arrow)
        {
            if (!HeldScope.IsAlwaysEvaluated(value, arrow.Expression))
            {
                return null;
            }

            var body = arrow.Expression == target ? identifier : arrow.Expression.ReplaceNode(target, identifier);
            return arrow.Parent is MethodDeclarationSyntax method && model.GetDeclaredSymbol(method, cancellationToken) is { } symbol
                ? root.ReplaceNode(method, method.WithExpressionBody(null).WithSemicolonToken(default).WithBody(Block(declaration.WithTrailingTrivia(ElasticCarriageReturnLineFeed), Result(symbol, body).WithTrailingTrivia(ElasticCarriageReturnLineFeed))).WithAdditionalAnnotations(Formatter.Annotation))
                : null;
        }

        var statement = value.FirstAncestorOrSelf<StatementSyntax>();
        if (statement?.Parent is not BlockSyntax block || !HeldScope.IsAlwaysEvaluated(value, statement))
        {
            return null;
        }

        // What was a statement of its own, or thrown away, is the declaration now.
        if (statement is ExpressionStatementSyntax { Expression: var expression } && (expression == value || expression is AssignmentExpressionSyntax { Left: IdentifierNameSyntax { Identifier.ValueText: "_" }, Right: var discarded } && discarded == value))
        {
            return root.ReplaceNode(statement, declaration.WithTriviaFrom(statement));
        }

        if (statement is not (ExpressionStatementSyntax or LocalDeclarationStatementSyntax or ReturnStatementSyntax or CommonForEachStatementSyntax))
        {
            return null;
        }

        var index = block.Statements.IndexOf(statement);
        var used = statement.ReplaceNode(target, identifier).WithoutLeadingTrivia().WithAdditionalAnnotations(Formatter.Annotation);
        var statements = block.Statements.Replace(statement, used).Insert(index, declaration.WithLeadingTrivia(statement.GetLeadingTrivia()).WithTrailingTrivia(ElasticCarriageReturnLineFeed));
        return root.ReplaceNode(block, block.WithStatements(statements).WithAdditionalAnnotations(Formatter.Annotation));
    }

    private static ArrowExpressionClauseSyntax? Arrow(ExpressionSyntax value)
        => value.Ancestors().FirstOrDefault(node => node is ArrowExpressionClauseSyntax or StatementSyntax or AnonymousFunctionExpressionSyntax) as ArrowExpressionClauseSyntax;

    private static StatementSyntax Result(IMethodSymbol method, ExpressionSyntax body)
    {
        var isVoid = method.ReturnsVoid || (method.IsAsync && method.ReturnType is INamedTypeSymbol { Arity: 0 });
        return isVoid ? ExpressionStatement(body.WithoutTrivia()) : ReturnStatement(body.WithoutTrivia()).NormalizeWhitespace();
    }
}
