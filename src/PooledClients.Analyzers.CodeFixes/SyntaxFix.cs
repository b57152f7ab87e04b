using System.Threading;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.Formatting;

namespace PooledClients.Analyzers.CodeFixes;

/// <summary>A fix that changes one document.</summary>
public abstract class SyntaxFix : CodeFixProvider
{
    public override FixAllProvider? GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    public sealed override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        var model = await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        if (root is null || model is null)
        {
            return;
        }

        foreach (var diagnostic in context.Diagnostics)
        {
            var node = root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true);
            if (Fix(root, node, model, context.CancellationToken) is { } changed)
            {
                var document = context.Document.WithSyntaxRoot(LineEnds.Matched(changed, root));
                context.RegisterCodeFix(CodeAction.Create(Title, token => Formatter.FormatAsync(document, Formatter.Annotation, cancellationToken: token), Title), diagnostic);
            }
        }
    }

    private protected abstract string Title { get; }

    /// <summary>Returns the changed file, or null where the fix does not apply.</summary>
    private protected abstract SyntaxNode? Fix(SyntaxNode root, SyntaxNode node, SemanticModel model, CancellationToken cancellationToken);
}
