using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace PooledClients.Analyzers.CodeFixes;

/// <summary>Adds to an object initializer in the layout that it has.</summary>
internal static class InitializerElements
{
    public static InitializerExpressionSyntax Add(InitializerExpressionSyntax initializer, ExpressionSyntax after, string text)
    {
        var elements = initializer.Expressions;
        var index = elements.IndexOf(after);
        var added = ParseExpression(text);
        var isOnOneLine = initializer.GetLocation().GetLineSpan() is var span && span.StartLinePosition.Line == span.EndLinePosition.Line;
        if (isOnOneLine)
        {
            return index == elements.Count - 1 && elements.SeparatorCount < elements.Count
                ? initializer.WithExpressions(elements.Replace(after, after.WithoutTrailingTrivia()).Add(added.WithLeadingTrivia(Space).WithTrailingTrivia(after.GetTrailingTrivia())))
                : initializer.WithExpressions(elements.Insert(index + 1, added.WithLeadingTrivia(Space)));
        }

        // One element a line: the new one takes the indent of the one before, and the comment stays with that.
        var indent = after.GetLeadingTrivia().Where(trivia => trivia.IsKind(SyntaxKind.WhitespaceTrivia)).ToList();
        var tokens = elements.GetWithSeparators().ToList();
        var place = tokens.FindIndex(part => part.AsNode() == after);
        var hasComma = place + 1 < tokens.Count;
        if (!hasComma)
        {
            tokens[place] = after.WithoutTrailingTrivia();
            tokens.Add(Token(SyntaxKind.CommaToken).WithTrailingTrivia(after.GetTrailingTrivia()));
        }

        tokens.Insert(place + 2, added.WithLeadingTrivia(indent).WithTrailingTrivia(hasComma ? default : TriviaList(LineEnd(initializer))));
        if (hasComma)
        {
            tokens.Insert(place + 3, Token(SyntaxKind.CommaToken).WithTrailingTrivia(LineEnd(initializer)));
        }

        return initializer.WithExpressions(SeparatedList<ExpressionSyntax>(new SyntaxNodeOrTokenList(tokens)));
    }

    private static SyntaxTrivia LineEnd(SyntaxNode node)
        => node.DescendantTrivia().FirstOrDefault(trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia)) is { RawKind: not 0 } end ? end : ElasticCarriageReturnLineFeed;
}
