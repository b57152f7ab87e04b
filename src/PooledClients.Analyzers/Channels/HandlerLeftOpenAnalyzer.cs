using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Contexts;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Channels;

/// <summary>PC0003: a channel is disposed, and the handler that was made for it is not.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class HandlerLeftOpenAnalyzer : DiagnosticAnalyzer
{
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = ImmutableArray.Create(Rules.HandlerLeftOpen);

    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(start =>
        {
            if (start.Compilation.GetTypeByMetadataName("Grpc.Net.Client.GrpcChannelOptions") is not null && !TestProject.Is(start.Options))
            {
                start.RegisterOperationAction(Analyze, OperationKind.ObjectCreation);
            }
        });
    }

    private static void Analyze(OperationAnalysisContext context)
    {
        if (context.Operation is not IObjectCreationOperation { Type: { } type } options
            || !type.Is("Grpc.Net.Client.GrpcChannelOptions")
            || TestCode.Contains(context.ContainingSymbol))
        {
            return;
        }

        var flow = ValueFlow.Follow(options, ChannelRules.Instance);
        List<ISimpleAssignmentOperation> settings = [.. flow.Root.Descendants().OfType<ISimpleAssignmentOperation>().Where(assignment => IsSetting(assignment, options, flow))];
        if (settings.FirstOrDefault(setting => Name(setting) == "HttpHandler") is { } handler
            && !settings.Any(setting => Name(setting) == "DisposeHttpClient" && setting.Value.ConstantValue is not { HasValue: true, Value: false })
            && MadeHandler.IsOwned(handler.Value)
            && ChannelDisposal.Happens(flow))
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.HandlerLeftOpen, handler.Syntax.GetLocation()));
        }
    }

    private static string Name(ISimpleAssignmentOperation setting) => ((IPropertyReferenceOperation)setting.Target).Property.Name;

    private static bool IsSetting(ISimpleAssignmentOperation assignment, IObjectCreationOperation options, FlowResult flow)
    {
        return assignment.Target is IPropertyReferenceOperation { Instance: { } instance } property
            && property.Property.ContainingType.Is("Grpc.Net.Client.GrpcChannelOptions")
            && (assignment.Parent == options.Initializer || flow.Aliases.Contains(instance));
    }
}
