namespace PooledClients.Configuration;

/// <summary>What somebody meant who wrote something else.</summary>
internal static class Suggestion
{
    // What other libraries call it.
    private static readonly Dictionary<string, string[]> Synonyms = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Timeout"] = ["Deadline", "ConnectTimeout"],
        ["RequestTimeout"] = ["Deadline"],
        ["Url"] = ["Address", "BaseAddress"],
        ["Uri"] = ["Address", "BaseAddress"],
        ["Host"] = ["Address", "BaseAddress"],
        ["Endpoint"] = ["Address", "BaseAddress"],
        ["BaseUrl"] = ["BaseAddress", "Address"],
        ["BaseAddress"] = ["Address"],
        ["Address"] = ["BaseAddress"],
        ["MaxRetries"] = ["MaxAttempts"],
        ["MaxRetryAttempts"] = ["MaxAttempts"],
        ["InitialBackoff"] = ["Delay"],
        ["MaxBackoff"] = ["MaxDelay"],
        ["CircuitBreaker"] = ["Breaker"],
        ["Retries"] = ["MaxAttempts", "Retry"],
        ["RetryCount"] = ["MaxAttempts", "Retry"],
        ["Ca"] = ["CaCertificatePath"],
        ["CaFile"] = ["CaCertificatePath"],
        ["CaPath"] = ["CaCertificatePath"],
        ["RootCertificate"] = ["CaCertificatePath"],
        ["Cert"] = ["ClientCertificatePath"],
        ["CertFile"] = ["ClientCertificatePath"],
        ["CertPath"] = ["ClientCertificatePath"],
        ["Certificate"] = ["ClientCertificatePath"],
        ["Key"] = ["ClientKeyPath"],
        ["KeyFile"] = ["ClientKeyPath"],
        ["KeyPath"] = ["ClientKeyPath"],
    };

    /// <summary>Whether a name is probably a slip for another, and not a name of its own.</summary>
    public static bool IsNear(string written, string meant) =>
        !written.Equals(meant, StringComparison.OrdinalIgnoreCase) && Distance(Bare(written), Bare(meant)) <= 2;

    /// <summary>The names that may have been meant, none of them or as many as are equally near.</summary>
    public static IReadOnlyList<string> For(string written, IEnumerable<string> known)
    {
        var names = known.ToList();
        var bare = Bare(written);
        IEnumerable<string>[] guesses =
        [
            names.Where(name => Bare(name) == bare),
            (Synonyms.GetValueOrDefault(written) ?? []).Where(names.Contains).Take(1),
            names.Where(name => bare.Length > 3 && Bare(name).StartsWith(bare, StringComparison.Ordinal)),
            names.Where(name => Distance(bare, Bare(name)) <= Math.Max(1, bare.Length / 3)).OrderBy(name => Distance(bare, Bare(name))).Take(1),
            names.Where(name => bare.Length > 3 && (LeavesOut(bare, Bare(name)) || LeavesOut(Bare(name), bare))).OrderBy(name => Math.Abs(name.Length - bare.Length)).Take(1),
        ];
        return guesses.Select(static guess => guess.ToList()).FirstOrDefault(static guess => guess.Count > 0) ?? [];
    }

    // Whether it has all the letters of the other in its order, and some that it leaves out.
    private static bool LeavesOut(string some, string all)
    {
        var found = 0;
        foreach (var letter in all)
        {
            found += found < some.Length && some[found] == letter ? 1 : 0;
        }

        return found == some.Length && found > 3;
    }

    private static string Bare(string name) => name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    // Letters left out, added, changed, or swapped with their neighbour.
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                rows[i, j] = i == 0 || j == 0
                    ? i + j
                    : Math.Min(Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1, rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[a.Length, b.Length];
    }
}
