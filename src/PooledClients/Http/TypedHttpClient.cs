using System.Collections.Frozen;
using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.Http;

/// <summary>A typed client that was added under a name.</summary>
/// <param name="Name">The client's name.</param>
/// <param name="ClientType">The type that is asked for.</param>
/// <param name="IsNamedByType">Whether nobody gave it a name, so that it has its type's.</param>
/// <param name="MakeScoped">Has it get the client of its scope.</param>
internal sealed record TypedHttpClient(string Name, Type ClientType, bool IsNamedByType, Action<IServiceCollection> MakeScoped)
{
    private static readonly FrozenDictionary<Type, string> Keywords = new Dictionary<Type, string>
    {
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(char)] = "char",
        [typeof(decimal)] = "decimal",
        [typeof(double)] = "double",
        [typeof(float)] = "float",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(object)] = "object",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(string)] = "string",
        [typeof(uint)] = "uint",
        [typeof(ulong)] = "ulong",
        [typeof(ushort)] = "ushort",
    }.ToFrozenDictionary();

    /// <summary>The name that a typed client has by its type, as <see cref="IHttpClientFactory"/> has it: without namespace, with type arguments, in C#'s words.</summary>
    public static string NameOf(Type type) => type.IsArray ? $"{NameOf(type.GetElementType()!)}[]" : type.IsGenericType && type.Name.IndexOf('`', StringComparison.Ordinal) is var arity and > 0
        ? $"{type.Name[..arity]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
        : Keywords.GetValueOrDefault(type, type.Name);
}
