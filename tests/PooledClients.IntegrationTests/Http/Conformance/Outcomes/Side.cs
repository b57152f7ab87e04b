namespace PooledClients.IntegrationTests.Http.Conformance.Outcomes;

/// <summary>Which client a case runs over.</summary>
internal enum Side
{
    /// <summary>A plain <see cref="HttpClient"/> over a <see cref="SocketsHttpHandler"/>.</summary>
    Plain,

    /// <summary>A client of <c>AddPooledHttpClient</c>, out of a container.</summary>
    Pooled,
}
