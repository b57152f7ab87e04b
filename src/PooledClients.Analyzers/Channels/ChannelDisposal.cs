using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Channels;

/// <summary>Tells whether a channel is disposed, by the member that made it or by the object that keeps it.</summary>
internal static class ChannelDisposal
{
    public static bool Happens(FlowResult options)
    {
        return options.Uses.Any(use => use.Kind switch
        {
            UseKind.Released or UseKind.Using => true,
            UseKind.Kept => IsDisposedByOwner(use.Value),
            _ => false,
        });
    }

    private static bool IsDisposedByOwner(IOperation value)
    {
        var owner = value.User() switch
        {
            ISimpleAssignmentOperation assignment => assignment.Target,
            ICoalesceAssignmentOperation assignment => assignment.Target,
            IFieldInitializerOperation initializer => initializer,
            IPropertyInitializerOperation initializer => initializer,
            _ => null,
        };
        var name = owner switch
        {
            IFieldReferenceOperation field => field.Field.Name,
            IPropertyReferenceOperation property => property.Property.Name,
            IParameterReferenceOperation parameter => parameter.Parameter.Name,
            IFieldInitializerOperation initializer => initializer.InitializedFields.FirstOrDefault()?.Name,
            IPropertyInitializerOperation initializer => initializer.InitializedProperties.FirstOrDefault()?.Name,
            _ => null,
        };
        var type = value.Syntax.FirstAncestorOrSelf<TypeDeclarationSyntax>();
        return name is not null && type is not null && type.DescendantNodes().OfType<InvocationExpressionSyntax>().Any(call => Disposes(call, name));
    }

    /// <summary>By name: a field's disposal reads the same wherever in the type it stands.</summary>
    private static bool Disposes(InvocationExpressionSyntax call, string name) => call.Expression switch
    {
        MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Dispose" } access => Names(access.Expression, name),
        MemberBindingExpressionSyntax { Name.Identifier.ValueText: "Dispose" } => call.Parent is ConditionalAccessExpressionSyntax access && Names(access.Expression, name),
        _ => false,
    };

    private static bool Names(ExpressionSyntax expression, string name) => expression switch
    {
        IdentifierNameSyntax identifier => identifier.Identifier.ValueText == name,
        MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax } access => access.Name.Identifier.ValueText == name,
        PostfixUnaryExpressionSyntax suppressed => Names(suppressed.Operand, name),
        _ => false,
    };
}
