using System.Diagnostics.CodeAnalysis;

namespace PooledClients.Configuration;

/// <summary>The keys that a section may have: what its options have properties for.</summary>
internal sealed class SectionKeys
{
    // What is nested comes before what it is nested in.
    private static readonly Dictionary<Type, SectionKeys> Known = [];

    private readonly Dictionary<string, Key> _keys = new(StringComparer.OrdinalIgnoreCase);

    static SectionKeys()
    {
        Add<TlsOptions>();
        Add<ConnectionOptions>();
        Add<AdmissionOptions>();
        Add<EndpointEjectionOptions>();
        Add<EndpointOptions>();
        Add<GrpcMethodOptions>();
        Add<RetryOptions>();
        Add<RetryBudgetOptions>();
        Add<BreakerOptions>();
        Add<HedgingOptions>();
        Add<GrpcResilienceOptions>();
        Add<HttpResilienceOptions>();
        Add<DescriptorOptions>();
        Add<WarmUpOptions>();
        Add<PooledGrpcClientOptions>();
        Add<PooledHttpClientOptions>();

        // The clients have sections of their own below that of the process.
        var process = Add<PooledClientsOptions>();
        process.HasClients = true;
        process._keys["Grpc"] = process._keys["Http"] = new Key(null, null, IsDictionary: false, IsList: false);
    }

    private SectionKeys([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] Type type)
    {
        foreach (var property in type.GetProperties())
        {
            var isDictionary = property.PropertyType is { IsGenericType: true } generic && generic.GetGenericTypeDefinition() == typeof(IDictionary<,>);
            var valueType = isDictionary ? property.PropertyType.GenericTypeArguments[1] : Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            var isList = !isDictionary && valueType != typeof(string) && valueType.IsAssignableTo(typeof(System.Collections.IEnumerable));
            var key = _keys[property.Name] = new Key(IsScalar(valueType) ? valueType : null, Known.GetValueOrDefault(valueType), isDictionary, isList);
            if (key is { Scalar: null, Section: null, IsList: false })
            {
                // Below it any key would pass, and none would take a unit.
                throw new NotSupportedException($"{type.Name}.{property.Name}: add {valueType.Name} before {type.Name}.");
            }
        }
    }

    public IEnumerable<string> Names => _keys.Keys;

    /// <summary>Whether the sections of clients are below it.</summary>
    public bool HasClients { get; private set; }

    public static SectionKeys Of(Type options) => Known[options];

    public Key? Find(string name) => _keys.GetValueOrDefault(name);

    /// <summary>Every key below, as a path.</summary>
    public IEnumerable<string> Paths() => _keys.SelectMany(static pair =>
        pair.Value is { Section: { } section, IsDictionary: false } ? section.Paths().Select(path => $"{pair.Key}:{path}") : [pair.Key]);

    /// <summary>The type of the value at a path; none for a path that leads to no value.</summary>
    public Type? TypeAt(string path)
    {
        var parts = path.Split(':', 2);
        return Find(parts[0]) switch
        {
            { Section: { } section, IsDictionary: true } when parts is [_, var rest] => rest.Split(':', 2) is [_, var below] ? section.TypeAt(below) : null,
            { Section: { } section } when parts is [_, var rest] => section.TypeAt(rest),
            { } key when parts.Length == 1 => key.Scalar,
            _ => null,
        };
    }

    private static SectionKeys Add<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] TOptions>()
        => Known[typeof(TOptions)] = new SectionKeys(typeof(TOptions));

    private static bool IsScalar(Type type) => type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan) || type == typeof(Uri);

    /// <param name="Scalar">The type of a value.</param>
    /// <param name="Section">The keys below, or below each entry of a dictionary.</param>
    /// <param name="IsDictionary">Whether the next part of the path is any name.</param>
    /// <param name="IsList">Whether there are values below it, by number.</param>
    internal sealed record Key(Type? Scalar, SectionKeys? Section, bool IsDictionary, bool IsList);
}
