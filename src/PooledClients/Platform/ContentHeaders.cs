namespace PooledClients.Platform;

/// <summary>Gives one content the headers of another, as they came: the headers themselves, or copies where this .NET keeps them elsewhere.</summary>
internal static class ContentHeaders
{
    public static void Give(HttpContent from, HttpContent to)
    {
        if (RuntimeContracts.TryGiveHeaders(from, to))
        {
            return;
        }

        foreach (var header in from.Headers.NonValidated)
        {
            if (header.Value.Count == 1)
            {
                to.Headers.TryAddWithoutValidation(header.Key, header.Value.ToString());
            }
            else
            {
                to.Headers.TryAddWithoutValidation(header.Key, header.Value);
            }
        }
    }
}
