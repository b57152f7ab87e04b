using Microsoft.CodeAnalysis;

namespace PooledClients.Analyzers;

/// <summary>The rules. Their ids are a contract.</summary>
internal static class Rules
{
    /// <summary>Where a rule's page is, in the repository and in the package; there is no address of either to name.</summary>
    private const string Documentation = "docs/analyzers";

    public static readonly DiagnosticDescriptor ChannelPerCall = Create(
        "PC0001",
        "A gRPC channel for each call",
        "This channel never leaves '{0}', so each call dials: register the client by AddPooledGrpcClient and inject it",
        "A channel holds connections. One made for each call costs a TCP and a TLS handshake a call, and under load the descriptors of the process.");

    public static readonly DiagnosticDescriptor HttpClientPerCall = Create(
        "PC0002",
        "An HTTP client or handler for each call",
        "This {0} never leaves '{1}', so each call dials: register by AddPooledHttpClient and inject HttpClient or IHttpClientFactory",
        "A handler holds connections. One made for each call dials for each call, and leaves sockets behind that wait for their end.");

    public static readonly DiagnosticDescriptor HandlerLeftOpen = Create(
        "PC0003",
        "The handler of a disposed channel is left open",
        "The channel is disposed, its handler is not: set DisposeHttpClient = true",
        "A channel disposes a handler that it was given only if DisposeHttpClient is set. The handler's connections stay open.");

    public static readonly DiagnosticDescriptor ResponseHeld = Create(
        "PC0004",
        "A response is held open",
        "'{0}' gives a {1} that holds its connection until it is disposed, and here it is not on every path",
        "A response that is read to its headers keeps its connection until its body was read or it is disposed.");

    public static readonly DiagnosticDescriptor StreamHeld = Create(
        "PC0005",
        "A streaming call is held open",
        "The streaming call '{0}' is neither disposed nor read to its end nor handed on",
        "A streaming call keeps its stream, and with it a place on a connection, until it is over or disposed.");

    public static readonly DiagnosticDescriptor ValidationOff = Create(
        "PC0006",
        "Certificate validation is switched off",
        "{0} accepts any certificate: trust the authority by Tls.CaCertificatePath instead",
        "Whoever can reach the network can answer in the server's name. A private authority is trusted by naming it.");

    public static readonly DiagnosticDescriptor CertificatePerCall = Create(
        "PC0007",
        "A certificate is loaded for each call",
        "'{0}' runs for each call and loads a certificate: load it once, at start",
        "Reading and parsing a certificate costs a descriptor and time in each call; under load the file cannot be opened any more.",
        DiagnosticSeverity.Info);

    public static readonly DiagnosticDescriptor NoDeadline = Create(
        "PC0008",
        "A gRPC call without a deadline",
        "'{0}' is called without a deadline: pass deadline:, or register the client by AddPooledGrpcClient, which has one",
        "A call without a deadline waits for as long as the server is silent.",
        isEnabledByDefault: false);

    private static DiagnosticDescriptor Create(
        string id, string title, string message, string description, DiagnosticSeverity severity = DiagnosticSeverity.Warning, bool isEnabledByDefault = true) =>
#pragma warning disable RS2000 // Release tracking sees ids that are literals in the constructor's call only.
        new DiagnosticDescriptor(id, title, message, "PooledClients", severity, isEnabledByDefault, description, HelpLink(id));
#pragma warning restore RS2000

    private static string HelpLink(string id) => $"{Documentation}/{id}.md";
}
