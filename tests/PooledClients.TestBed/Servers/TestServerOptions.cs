using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Certificates;

namespace PooledClients.TestBed.Servers;

/// <summary>What a <see cref="TestServer"/> listens on and whom it trusts.</summary>
internal sealed record TestServerOptions
{
    /// <summary>Gets whether it speaks TLS; clear text is HTTP/2 with prior knowledge, unless <see cref="Protocols"/> says otherwise.</summary>
    public bool Tls { get; init; } = true;

    /// <summary>Gets the authority that issues the server's certificate, and the client certificates it accepts.</summary>
    public TestAuthority Authority { get; init; } = TestAuthority.Shared;

    /// <summary>Gets the server's certificate; issued for the loopback names when <see langword="null"/>.</summary>
    public X509Certificate2? Certificate { get; init; }

    public bool RequireClientCertificate { get; init; }

    public HttpProtocols? Protocols { get; init; }

    /// <summary>Gets a Unix socket's path, to listen there, in clear text, instead of on a loopback port.</summary>
    public string? UnixSocket { get; init; }

    /// <summary>Gets the port, to come back on the one an earlier server had; 0 lets the system choose.</summary>
    public int Port { get; init; }

    /// <summary>Gets where it listens.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Gets HTTP/2's SETTINGS_MAX_CONCURRENT_STREAMS.</summary>
    public int MaxStreams { get; init; } = 100;

    /// <summary>Gets what the service does, to be shared by a server and the one that takes its place.</summary>
    public ServiceBehavior Behavior { get; init; } = new();

    /// <summary>Gets what else the server's container holds.</summary>
    public Action<IServiceCollection>? Services { get; init; }

    /// <summary>Gets what else the server answers.</summary>
    public Action<WebApplication>? Map { get; init; }
}
