using System.Collections.Immutable;
using System.Composition;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;
using PooledClients.Analyzers.Flow;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace PooledClients.Analyzers.CodeFixes;

/// <summary>PC0002: IHttpClientFactory comes by the constructor, and makes the client.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class InjectHttpClientFix : SyntaxFix
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ImmutableArray.Create("PC0002");

    public override FixAllProvider? GetFixAllProvider() => null;

    private protected override string Title => "Inject IHttpClientFactory (register by AddPooledHttpClient)";

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node, SemanticModel model, CancellationToken cancellationToken)
    {
        var creation = (node is ArgumentSyntax argument ? argument.Expression : node) as BaseObjectCreationExpressionSyntax;
        if (creation is null || !model.GetTypeInfo(creation, cancellationToken).Type.Is("System.Net.Http.HttpClient")
            || model.Compilation.GetTypeByMetadataName("System.Net.Http.IHttpClientFactory") is not { } factory
            || Injection.Into(creation, factory, "httpClientFactory", model) is not { } injection
            || creation.FirstAncestorOrSelf<ClassDeclarationSyntax>() is not { } owner)
        {
            return null;
        }

        // The extension CreateClient() lies with the factory; the interface's own method needs no using.
        var made = ParseExpression($"{injection.Member}.CreateClient(string.Empty)").WithTriviaFrom(creation);
        if (creation.Initializer is not { Expressions.Count: > 0 } initializer)
        {
            return root.ReplaceNode(owner, injection.Apply(owner.ReplaceNode(creation, made)));
        }

        // What the initializer sets is set after.
        if (creation.Parent is not EqualsValueClauseSyntax { Parent: VariableDeclaratorSyntax { Parent.Parent: LocalDeclarationStatementSyntax { Parent: BlockSyntax block } statement } variable }
            || initializer.Expressions.Any(element => element is not AssignmentExpressionSyntax { Right: not InitializerExpressionSyntax }))
        {
            return null;
        }

        var settings = initializer.Expressions.Cast<AssignmentExpressionSyntax>().Select(setting =>
            ParseStatement($"{variable.Identifier.ValueText}.{setting.WithoutTrivia()};").WithTrailingTrivia(ElasticCarriageReturnLineFeed).WithAdditionalAnnotations(Formatter.Annotation));
        var index = block.Statements.IndexOf(statement);
        var declared = statement.ReplaceNode(creation, made.WithoutTrivia());
        var changed = block.WithStatements(block.Statements.Replace(statement, declared).InsertRange(index + 1, settings));
        return root.ReplaceNode(owner, injection.Apply(owner.ReplaceNode(block, changed.WithAdditionalAnnotations(Formatter.Annotation))));
    }
}
