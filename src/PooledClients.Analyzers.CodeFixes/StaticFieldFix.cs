using System.Collections.Immutable;
using System.Composition;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;
using Microsoft.CodeAnalysis.Simplification;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace PooledClients.Analyzers.CodeFixes;

/// <summary>PC0001, PC0002 and PC0007: what depends on nothing of the member is made once, in a static field.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class StaticFieldFix : SyntaxFix
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ImmutableArray.Create("PC0001", "PC0002", "PC0007");

    public override FixAllProvider? GetFixAllProvider() => null;

    private protected override string Title => "Keep one in a static field";

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node, SemanticModel model, CancellationToken cancellationToken)
    {
        var value = node is ArgumentSyntax argument ? argument.Expression : node as ExpressionSyntax;
        if (value is null || model.GetTypeInfo(value, cancellationToken).Type is not INamedTypeSymbol { SpecialType: SpecialType.None } type
            || Owner(value) is not { } owner
            || !IsIndependent(value, model, cancellationToken))
        {
            return null;
        }

        var taken = owner.DescendantTokens().Select(token => token.ValueText).ToImmutableHashSet();
        var name = "Shared" + type.Name;
        for (var number = 2; taken.Contains(name); number++)
        {
            name = "Shared" + type.Name + number;
        }

        var typeName = ParseTypeName(type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat)).WithTrailingTrivia(Space).WithAdditionalAnnotations(Simplifier.Annotation);
        var field = FieldDeclaration(VariableDeclaration(typeName, SingletonSeparatedList(VariableDeclarator(Identifier(name).WithTrailingTrivia(Space), null, EqualsValueClause(value.WithoutTrivia())))))
            .WithModifiers(TokenList(Token(SyntaxKind.PrivateKeyword), Token(SyntaxKind.StaticKeyword), Token(SyntaxKind.ReadOnlyKeyword)))
            .WithTrailingTrivia(ElasticCarriageReturnLineFeed).WithAdditionalAnnotations(Formatter.Annotation);
        var changed = WithoutUsing(owner, value, IdentifierName(name).WithTriviaFrom(value));
        return changed is null ? null : root.ReplaceNode(owner, changed.WithMembers(changed.Members.Insert(0, field)));
    }

    /// <summary>The type that can have the field: the class around an extension block, and not an interface.</summary>
    private static TypeDeclarationSyntax? Owner(SyntaxNode value)
    {
        var around = value.FirstAncestorOrSelf<TypeDeclarationSyntax>(type => type is ClassDeclarationSyntax or StructDeclarationSyntax or RecordDeclarationSyntax or InterfaceDeclarationSyntax);
        return around is InterfaceDeclarationSyntax ? null : around;
    }

    /// <summary>A shared object must not be disposed by one of its users.</summary>
    private static TypeDeclarationSyntax? WithoutUsing(TypeDeclarationSyntax owner, ExpressionSyntax value, ExpressionSyntax field)
    {
        switch (value.FirstAncestorOrSelf<StatementSyntax>())
        {
            case LocalDeclarationStatementSyntax statement when !statement.UsingKeyword.IsKind(SyntaxKind.None) && value.Parent is EqualsValueClauseSyntax:
                var leading = statement.GetLeadingTrivia();
                return owner.ReplaceNode(statement, statement.ReplaceNode(value, field).WithAwaitKeyword(default).WithUsingKeyword(default).WithLeadingTrivia(leading));
            case UsingStatementSyntax { Declaration: { } declaration } statement:
                var local = LocalDeclarationStatement(declaration.ReplaceNode(value, field)).WithTrailingTrivia(ElasticCarriageReturnLineFeed);
                var block = statement.Statement is BlockSyntax body ? body.WithStatements(body.Statements.Insert(0, local)) : Block(local, statement.Statement);
                return owner.ReplaceNode(statement, block.WithTriviaFrom(statement).WithAdditionalAnnotations(Formatter.Annotation));
            default:
                var disposal = value.Parent?.Parent is VariableDeclaratorSyntax variable && owner.DescendantNodes().OfType<MemberAccessExpressionSyntax>()
                    .Any(access => access.Name.Identifier.ValueText is "Dispose" or "ShutdownAsync" && access.Expression.ToString() == variable.Identifier.ValueText);
                return disposal ? null : owner.ReplaceNode(value, field);
        }
    }

    private static bool IsIndependent(ExpressionSyntax value, SemanticModel model, CancellationToken cancellationToken)
    {
        return value.DescendantNodesAndSelf().All(node => node is not (ThisExpressionSyntax or BaseExpressionSyntax or AwaitExpressionSyntax or AnonymousFunctionExpressionSyntax))
            && value.DescendantNodesAndSelf().OfType<SimpleNameSyntax>().All(name => model.GetSymbolInfo(name, cancellationToken).Symbol switch
            {
                ILocalSymbol { IsConst: false } or IParameterSymbol or IRangeVariableSymbol => false,
                ILocalSymbol => false,
                IMethodSymbol { MethodKind: MethodKind.LocalFunction } => false,
                IFieldSymbol { IsStatic: false } or IPropertySymbol { IsStatic: false } or IMethodSymbol { IsStatic: false, MethodKind: MethodKind.Ordinary } => IsOfAnother(name),
                _ => true,
            });
    }

    /// <summary>A member of an object in the expression itself, or a setting in an initializer.</summary>
    private static bool IsOfAnother(SimpleNameSyntax name) => name.Parent switch
    {
        MemberAccessExpressionSyntax access => access.Name == name,
        MemberBindingExpressionSyntax => true,
        AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax } assignment => assignment.Left == name,
        _ => false,
    };
}
