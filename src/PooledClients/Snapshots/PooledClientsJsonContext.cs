using System.Text.Json.Serialization;

namespace PooledClients;

/// <summary>How a snapshot is written as JSON, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(PooledClientsSnapshot))]
internal sealed partial class PooledClientsJsonContext : JsonSerializerContext;
