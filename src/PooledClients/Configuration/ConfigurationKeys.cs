namespace PooledClients.Configuration;

/// <summary>Where the options of each client are in the configuration.</summary>
internal static class ConfigurationKeys
{
    public const string Root = "PooledClients";

    public static string Grpc(string? name) => $"{Root}:Grpc:{name}";

    /// <summary>The unnamed client's options are under <c>Default</c>.</summary>
    public static string Http(string? name) => $"{Root}:Http:{(string.IsNullOrEmpty(name) ? "Default" : name)}";

    /// <summary>What is below a section because other clients' names begin with its client's: <c>replica</c> below <c>eu</c> for <c>eu:replica</c>.</summary>
    public static IReadOnlyCollection<string> Below(string key, IEnumerable<string> sections)
        => [.. sections.Where(section => section.StartsWith(key + ':', StringComparison.OrdinalIgnoreCase)).Select(section => section[(key.Length + 1)..])];
}
