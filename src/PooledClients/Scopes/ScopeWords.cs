namespace PooledClients.Scopes;

/// <summary>What is said of a scoped service that is asked for by what is made once for all callers, with the way out.</summary>
internal static class ScopeWords
{
    public static Func<Type, string> OfGrpc(string client) => scoped => Refuse("gRPC", client, scoped) +
        "Give each scope its own stub: AddPooledGrpcClient<TClient>().AsScoped(), whose call credentials, ConfigureClient and interceptors of GrpcInterceptorScope.Client get " +
        "the scope's services. Channel interceptors, message handlers and ConfigureChannel are made once all the same: there, use a singleton such as IHttpContextAccessor.";

    public static Func<Type, string> OfHttp(string client) => scoped => Refuse("HTTP", client, scoped) +
        "Give each scope its own client: AddPooledHttpClient(\"name\").AsScoped(), whose message handlers and ConfigureHttpClient get the scope's services, as a keyed HttpClient or a " +
        "typed client; a client of IHttpClientFactory belongs to no scope. There, a handler may ask a singleton such as IHttpContextAccessor for what is each request's own.";

    private static string Refuse(string kind, string client, Type scoped) =>
        $"Pooled {kind} client '{client}' was asked to use {scoped}, a scoped service, in something that is made once for all callers: every caller would get the first one's. ";
}
