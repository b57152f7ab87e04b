using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Certificates;

/// <summary>Knows what reads a certificate that is the same for each call: from a file, or from text that no caller gave.</summary>
internal static class CertificateLoad
{
    private const string Space = "System.Security.Cryptography.X509Certificates.";

    public static bool Is(IOperation operation) => operation switch
    {
        IObjectCreationOperation { Type.Name: "X509Certificate2" or "X509Certificate" } creation
            => (creation.Type.Is(Space + "X509Certificate2") || creation.Type.Is(Space + "X509Certificate")) && IsSame(creation.Arguments),
        IObjectCreationOperation { Type.Name: "SslCredentials" } creation => creation.Type.Is("Grpc.Core.SslCredentials") && IsSame(creation.Arguments),
        IInvocationOperation call => IsLoad(call.TargetMethod) && IsSame(call.Arguments),
        _ => false,
    };

    /// <summary>Tells whether what was loaded is stored for the next call, or is the caller's to keep.</summary>
    public static bool IsKept(IOperation load)
    {
        var value = load is IInvocationOperation { Instance: { } collection } ? collection.Unwrapped() : load;
        if (value is IFieldReferenceOperation or IPropertyReferenceOperation { Instance: IInstanceReferenceOperation or null } || Stores(value))
        {
            return true;
        }

        var variable = value is ILocalReferenceOperation local ? local.Local : Variable(value);
        return variable is not null && new MemberReferences(load).To(variable).Any(Stores);
    }

    private static bool IsLoad(IMethodSymbol method) => method.Name switch
    {
        "LoadCertificate" or "LoadCertificateFromFile" or "LoadPkcs12" or "LoadPkcs12FromFile" or "LoadPkcs12Collection" or "LoadPkcs12CollectionFromFile"
            => method.ContainingType.Is(Space + "X509CertificateLoader"),
        "CreateFromPem" or "CreateFromPemFile" or "CreateFromEncryptedPem" or "CreateFromEncryptedPemFile" or "CreateFromCertFile" or "CreateFromSignedFile"
            => method.ContainingType.Name is "X509Certificate2" or "X509Certificate",
        "Import" or "ImportFromPem" or "ImportFromPemFile" => method.ContainingType.Is(Space + "X509Certificate2Collection"),
        _ => false,
    };

    /// <summary>Bytes and text that came with the call are another certificate each time; a path is a file, whoever named it.</summary>
    private static bool IsSame(ImmutableArray<IArgumentOperation> arguments)
    {
        if (arguments.FirstOrDefault() is not { Value: var source, Parameter: { } parameter })
        {
            return false;
        }

        var isFile = parameter.Type.SpecialType == SpecialType.System_String && (parameter.Name == "path" || parameter.Name.ToUpperInvariant().Contains("FILE"));
        var isContent = parameter.Type.SpecialType == SpecialType.System_String || parameter.Type is IArrayTypeSymbol || parameter.Type.Name == "ReadOnlySpan";
        return isFile || (isContent && !ComesWithTheCall(source, 0));
    }

    private static bool ComesWithTheCall(IOperation source, int depth)
    {
        if (depth > 3)
        {
            return true;
        }

        return source.DescendantsAndSelf().Any(part => part switch
        {
            IInvocationOperation call => !IsFileRead(call) && !IsParsing(call),
            IParameterReferenceOperation parameter => !parameter.Ancestors().TakeWhile(ancestor => ancestor != source.Parent).Any(ancestor => ancestor is IInvocationOperation call && IsFileRead(call)),
            ILocalReferenceOperation local => Initial(local) is not { } initial || ComesWithTheCall(initial, depth + 1),
            _ => false,
        });
    }

    private static bool IsFileRead(IInvocationOperation call) => call.TargetMethod.ContainingType.Is("System.IO.File") || call.TargetMethod.ContainingType.Is("System.IO.Path");

    private static bool IsParsing(IInvocationOperation call)
        => call.TargetMethod.ContainingType.Name is "Convert" or "Encoding" or "MemoryExtensions" or "String" || call.TargetMethod.Name is "AsSpan" or "ConfigureAwait" or "ToArray" or "Trim";

    private static IOperation? Initial(ILocalReferenceOperation local)
    {
        return new MemberReferences(local).Root.Descendants().OfType<IVariableDeclaratorOperation>()
            .FirstOrDefault(declarator => SymbolEqualityComparer.Default.Equals(declarator.Symbol, local.Local))?.Initializer?.Value;
    }

    private static ISymbol? Variable(IOperation value) => Users(value).Select(user => user switch
    {
        IVariableDeclaratorOperation declarator => declarator.Symbol,
        ISimpleAssignmentOperation { Target: ILocalReferenceOperation target } => target.Local,
        _ => null,
    }).FirstOrDefault(symbol => symbol is not null);

    private static bool Stores(IOperation value) => Users(value).Any(user => user switch
    {
        IReturnOperation => user.EnclosingFunction() is null || user.EnclosingFunction() is ILocalFunctionOperation,
        ISimpleAssignmentOperation assignment => IsLasting(assignment.Target),
        ICoalesceAssignmentOperation assignment => IsLasting(assignment.Target),
        _ => false,
    });

    private static bool IsLasting(IOperation target)
        => target is IFieldReferenceOperation || (target is IParameterReferenceOperation { Parameter: var parameter } && parameter.IsField())
            || target is IPropertyReferenceOperation { Instance: null or IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance } };

    /// <summary>What takes the value, through conversions, choices and awaits.</summary>
    private static IEnumerable<IOperation> Users(IOperation value)
    {
        foreach (var ancestor in value.Ancestors())
        {
            yield return ancestor;
            if (ancestor is not (IConversionOperation or IParenthesizedOperation or ICoalesceOperation or IConditionalOperation or ICoalesceAssignmentOperation
                or ISimpleAssignmentOperation or IVariableInitializerOperation or IAwaitOperation))
            {
                yield break;
            }
        }
    }
}
