using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using PooledClients.Analyzers.Contexts;

namespace PooledClients.Analyzers.Certificates;

/// <summary>PC0007: a certificate that is read again for each call.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class CertificatePerCallAnalyzer() : OperationAnalyzer(Rules.CertificatePerCall, "System.Security.Cryptography.X509Certificates.X509Certificate2", OperationKind.ObjectCreation, OperationKind.Invocation)
{
    protected override void Analyze(OperationAnalysisContext context)
    {
        var operation = context.Operation;
        if (CertificateLoad.Is(operation)
            && !MemberKind.RunsOnce(operation, context.ContainingSymbol)
            && PerCallMember.Contains(operation, context.ContainingSymbol)
            && !CertificateLoad.IsKept(operation))
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.CertificatePerCall, operation.Syntax.GetLocation(), MemberName.Of(operation, context.ContainingSymbol)));
        }
    }
}
