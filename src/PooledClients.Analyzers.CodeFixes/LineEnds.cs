using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace PooledClients.Analyzers.CodeFixes;

/// <summary>Ends lines as the file does.</summary>
internal static class LineEnds
{
    public static SyntaxNode Matched(SyntaxNode changed, SyntaxNode original)
    {
        var ends = original.DescendantTrivia().Where(trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia)).Select(trivia => trivia.ToString()).Distinct().Take(2).ToList();
        return ends.Count == 1
            ? changed.ReplaceTrivia(changed.DescendantTrivia().Where(trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia) && trivia.ToString() != ends[0]), (_, _) => ElasticEndOfLine(ends[0]))
            : changed;
    }
}
