using Microsoft.Extensions.Options;
using PooledClients.Configuration;
using PooledClients.Grpc;

namespace PooledClients.Testing;

/// <summary>Fails the start where a fake stands in for no client that was added: its type was inferred as the fake's own, or its name is another.</summary>
internal sealed class ReplacedClient(Type clientType, string? name, IEnumerable<GrpcClientRegistration> clients) : IValidateOptions<StartValidation>
{
    public ValidateOptionsResult Validate(string? _, StartValidation nothing)
    {
        if (clients.Any(client => client.ClientType == clientType && (client.IsNamed ? client.Name : null) == name))
        {
            return ValidateOptionsResult.Success;
        }

        var ofBase = clients.FirstOrDefault(client => client.ClientType != clientType && client.ClientType.IsAssignableFrom(clientType));
        var named = name is null ? "without a name" : $"by the name '{name}'";
        var meant = ofBase is null
            ? $"the clients are {string.Join(", ", clients.Select(static client => client.IsNamed ? $"{Show(client.ClientType)} '{client.Name}'" : Show(client.ClientType)).Order(StringComparer.Ordinal).DefaultIfEmpty("none"))}."
            : $"say which client the fake stands for: ReplacePooledGrpcClient<{Show(ofBase.ClientType)}>({(ofBase.IsNamed ? $"\"{ofBase.Name}\", " : "")}fake).";
        return ValidateOptionsResult.Fail($"ReplacePooledGrpcClient: no pooled client of the type {Show(clientType)} was added {named}, so the fake replaces none; {meant}");
    }

    private static string Show(Type type) => type.DeclaringType is { } outer ? $"{outer.Name}.{type.Name}" : type.Name;
}
