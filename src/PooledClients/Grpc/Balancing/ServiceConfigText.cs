using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Grpc.Net.Client.Configuration;

namespace PooledClients.Grpc.Balancing;

/// <summary>Writes a service config that Grpc.Net.Client has read as the JSON that it came from, as far as it is taken here or warned of.</summary>
internal static class ServiceConfigText
{
    public static string Write(ServiceConfig config)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("methodConfig");
            foreach (var method in config.MethodConfigs)
            {
                Write(json, method);
            }

            json.WriteEndArray();
            WriteIfAny(json, "retryThrottling", config.RetryThrottling);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, MethodConfig config)
    {
        json.WriteStartObject();
        json.WriteStartArray("name");
        foreach (var name in config.Names)
        {
            json.WriteStartObject();
            json.WriteString("service", name.Service ?? "");
            json.WriteString("method", name.Method ?? "");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (config.RetryPolicy is { } policy)
        {
            json.WriteStartObject("retryPolicy");
            Write(json, "maxAttempts", policy.MaxAttempts);
            Write(json, "initialBackoff", policy.InitialBackoff);
            Write(json, "maxBackoff", policy.MaxBackoff);
            Write(json, "backoffMultiplier", policy.BackoffMultiplier);
            json.WriteStartArray("retryableStatusCodes");
            foreach (var status in policy.RetryableStatusCodes)
            {
                json.WriteStringValue(status.ToString());
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        WriteIfAny(json, "hedgingPolicy", config.HedgingPolicy);
        json.WriteEndObject();
    }

    // What is not taken is told by its name.
    private static void WriteIfAny(Utf8JsonWriter json, string name, object? part)
    {
        if (part is not null)
        {
            json.WriteStartObject(name);
            json.WriteEndObject();
        }
    }

    private static void Write(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    private static void Write(Utf8JsonWriter json, string name, TimeSpan? value)
    {
        if (value is { } time)
        {
            json.WriteString(name, string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#########}s"));
        }
    }
}
