using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using PooledClients.Analyzers.Contexts;

namespace PooledClients.Analyzers;

/// <summary>A rule that looks at operations one by one, where a project knows the type that it is about and is none of tests.</summary>
public abstract class OperationAnalyzer : DiagnosticAnalyzer
{
    private readonly string _type;
    private readonly OperationKind[] _kinds;

    /// <summary>Makes a rule.</summary>
    /// <param name="rule">What it reports.</param>
    /// <param name="type">The type without which a project cannot make the mistake.</param>
    /// <param name="kinds">The operations that it looks at.</param>
    protected OperationAnalyzer(DiagnosticDescriptor rule, string type, params OperationKind[] kinds)
    {
        SupportedDiagnostics = ImmutableArray.Create(rule);
        _type = type;
        _kinds = kinds;
    }

    public sealed override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; }

    public sealed override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(start =>
        {
            if (start.Compilation.GetTypeByMetadataName(_type) is not null && !TestProject.Is(start.Options))
            {
                start.RegisterOperationAction(Analyze, _kinds);
            }
        });
    }

    /// <summary>Looks at one operation.</summary>
    /// <param name="context">The operation, and where to report.</param>
    protected abstract void Analyze(OperationAnalysisContext context);
}
