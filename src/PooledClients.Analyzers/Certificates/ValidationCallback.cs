using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Certificates;

/// <summary>Knows the delegates that decide over a server's certificate.</summary>
internal static class ValidationCallback
{
    /// <summary>The one of sockets, and the one of HttpClientHandler, which no other API shares.</summary>
    public static bool Is(ITypeSymbol? type)
    {
        return type.Is("System.Net.Security.RemoteCertificateValidationCallback")
            || (type is INamedTypeSymbol { Name: "Func", TypeArguments: { Length: 5 } arguments }
                && arguments[0].Is("System.Net.Http.HttpRequestMessage")
                && arguments[3].Is("System.Net.Security.SslPolicyErrors"));
    }

    /// <summary>A server that takes any client certificate is not what the rule is about.</summary>
    public static bool IsForClients(IOperation callback)
    {
        return callback.User() is ISimpleAssignmentOperation { Target: IPropertyReferenceOperation { Property.ContainingType: var type } }
            && (type.Is("System.Net.Security.SslServerAuthenticationOptions") || type.Name == "HttpsConnectionAdapterOptions");
    }
}
