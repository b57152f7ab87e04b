namespace PooledClients.Diagnostics;

/// <summary>
/// How near its end a certificate is worth a word. Who renews by machine does so with a third of the life left, as cert-manager and ACME
/// clients do by default: a certificate of any life that is renewed in time never comes here.
/// </summary>
internal static class CertificateLevels
{
    /// <summary>A third of its own life, at most 30 days: the log warns.</summary>
    public static TimeSpan Near(DateTimeOffset notBefore, DateTimeOffset notAfter) => Share(notBefore, notAfter, 3, TimeSpan.FromDays(30));

    /// <summary>A sixth of its own life, at most 7 days: the health is degraded.</summary>
    public static TimeSpan Critical(DateTimeOffset notBefore, DateTimeOffset notAfter) => Share(notBefore, notAfter, 6, TimeSpan.FromDays(7));

    private static TimeSpan Share(DateTimeOffset notBefore, DateTimeOffset notAfter, int part, TimeSpan most)
    {
        var share = (notAfter - notBefore) / part;
        return share < most ? share : most;
    }
}
