namespace PooledClients.Grpc.ServiceConfigs;

/// <summary>
/// A gRPC service config, read from its standard JSON form (grpc/grpc <c>doc/service_config.md</c>, gRFC A6). As in every gRPC
/// implementation the most specific name decides alone: a method's config, its service's, then the default.
/// </summary>
internal sealed class ServiceConfig
{
    private readonly Dictionary<string, MethodConfig> _methods;

    internal ServiceConfig(Dictionary<string, MethodConfig> methods, IReadOnlyList<string> notes)
    {
        _methods = methods;
        Notes = notes;
    }

    /// <summary>What is right as it stands, but taken otherwise than it reads.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Gets each config by the name that it is for; those with several names are there several times.</summary>
    public IEnumerable<(string Name, MethodConfig Config)> Methods => _methods.Select(static method => (method.Key == "/" ? "all methods" : method.Key, method.Value));

    /// <exception cref="FormatException">The JSON is no service config; the message names the path of everything wrong in it.</exception>
    public static ServiceConfig Parse(string json)
    {
        var (config, errors) = ServiceConfigParser.Parse(json);
        return errors.Count == 0 ? config : throw new FormatException(string.Join(' ', errors));
    }

    /// <summary>The key of a name: <c>service/method</c>, <c>service/</c> for all of a service, <c>/</c> for all there is.</summary>
    internal static string Key(string service, string method) => $"{service}/{method}";

    public MethodConfig? Find(string service, string method) =>
        _methods.GetValueOrDefault(Key(service, method))
        ?? _methods.GetValueOrDefault(Key(service, string.Empty))
        ?? _methods.GetValueOrDefault(Key(string.Empty, string.Empty));
}
