using System.Net;

namespace PooledClients.IntegrationTests.Http.Conformance.Outcomes;

/// <summary>How a case wants its client, whichever it is.</summary>
internal sealed record ClientSettings
{
    public static ClientSettings Default { get; } = new();

    public static ClientSettings Http2 { get; } = new() { Version = HttpVersion.Version20 };

    /// <summary>Gets the settings of cases that fail on purpose: a retry is a difference with rows of its own.</summary>
    public static ClientSettings Once { get; } = new() { Retries = false };

    public static ClientSettings OnceHttp2 { get; } = new() { Retries = false, Version = HttpVersion.Version20 };

    public Version Version { get; init; } = HttpVersion.Version11;

    /// <summary>Gets whether the pooled client tries again, as it does by default; a plain one never does.</summary>
    public bool Retries { get; init; } = true;

    /// <summary>Gets what is done to the handler of either client.</summary>
    public Action<SocketsHttpHandler>? Handler { get; init; }

    /// <summary>Gets what is done to either client.</summary>
    public Action<HttpClient>? Client { get; init; }

    /// <summary>Gets what only the pooled client knows.</summary>
    public Action<PooledHttpClientOptions>? Pooled { get; init; }

    /// <summary>Gets the handlers between client and connection, outermost first.</summary>
    public IReadOnlyList<Func<DelegatingHandler>> Handlers { get; init; } = [];
}
