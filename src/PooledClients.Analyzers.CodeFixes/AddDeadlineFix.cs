using System.Collections.Immutable;
using System.Composition;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Simplification;
using PooledClients.Analyzers.Flow;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace PooledClients.Analyzers.CodeFixes;

/// <summary>PC0008: the call has a deadline.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class AddDeadlineFix : SyntaxFix
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ImmutableArray.Create("PC0008");

    private protected override string Title => "Pass deadline: (30 seconds)";

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node, SemanticModel model, CancellationToken cancellationToken)
    {
        var call = (node is ArgumentSyntax inner ? inner.Expression : node) as InvocationExpressionSyntax;
        if (call is null || model.GetSymbolInfo(call, cancellationToken).Symbol is not IMethodSymbol method)
        {
            return null;
        }

        if (!method.Parameters.Any(parameter => parameter.Type.Is("Grpc.Core.CallOptions")))
        {
            // A null that was given for it gives way.
            var given = call.ArgumentList.Arguments.FirstOrDefault(argument => model.GetTypeInfo(argument.Expression, cancellationToken).ConvertedType?.ToDisplayString() == "System.DateTime?");
            return given is null
                ? root.ReplaceNode(call.ArgumentList, With(call.ArgumentList))
                : root.ReplaceNode(given.Expression, Deadline().WithTriviaFrom(given.Expression));
        }

        var options = call.ArgumentList.Arguments.FirstOrDefault(argument => model.GetTypeInfo(argument.Expression, cancellationToken).ConvertedType.Is("Grpc.Core.CallOptions"))?.Expression;
        return options switch
        {
            BaseObjectCreationExpressionSyntax { ArgumentList: { } list } => root.ReplaceNode(list, With(list)),
            LiteralExpressionSyntax or DefaultExpressionSyntax => root.ReplaceNode(options, ObjectCreationExpression(Token(SyntaxKind.NewKeyword).WithTrailingTrivia(Space), Type("global::Grpc.Core.CallOptions"), With(ArgumentList()), null)),
            _ => null,
        };
    }

    private static ArgumentListSyntax With(ArgumentListSyntax list)
    {
        var argument = Argument(Deadline()).WithNameColon(NameColon("deadline").WithTrailingTrivia(Space));
        return list.AddArguments(list.Arguments.Count == 0 ? argument : argument.WithLeadingTrivia(Space));
    }

    private static InvocationExpressionSyntax Deadline()
    {
        var now = MemberAccessExpression(SyntaxKind.SimpleMemberAccessExpression, Type("global::System.DateTime"), IdentifierName("UtcNow"));
        return InvocationExpression(MemberAccessExpression(SyntaxKind.SimpleMemberAccessExpression, now, IdentifierName("AddSeconds")), ArgumentList(SingletonSeparatedList(Argument(LiteralExpression(SyntaxKind.NumericLiteralExpression, Literal(30))))));
    }

    private static TypeSyntax Type(string name) => ParseTypeName(name).WithAdditionalAnnotations(Simplifier.Annotation);
}
