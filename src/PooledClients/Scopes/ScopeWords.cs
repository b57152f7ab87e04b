namespace PooledClients.Scopes;

/// <summary>What is said of a scoped service that is asked for by what is made once for all callers, with the way out.</summary>
internal static class ScopeWords
{
    public static Func<Type, string> OfGrpc(string client) => scoped => Refuse("gRPC", client, scoped) +
        "Give each scope its own stub: AddPooledGrpcClient<TClient>().AsScoped(), whose call credentials, ConfigureClient and interceptors of GrpcInterceptorScope.Client get " +
        "the scope's services. Channel interceptors, message handlers and ConfigureChannel are made once all the same: there, use a singleton such as IHttpContextAccessor.";

    public static Func<Type, string> OfHttp(string client) => scoped => Refuse("HTTP", client, scoped) +
        "A message handler may ask a singleton such as IHttpContextAccessor for each request's own; or take the HttpClient into a scoped service, which adds to its requests what is its scope's.";

    private static string Refuse(string kind, string client, Type scoped) =>
        $"Pooled {kind} client '{client}' was asked to use {scoped}, a scoped service, in something that is made once for all callers: every caller would get the first one's. ";
}
