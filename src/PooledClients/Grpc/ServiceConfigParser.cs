using System.Globalization;
using System.Text.Json;
using Grpc.Core;
using PooledClients.Resilience;

namespace PooledClients.Grpc;

/// <summary>Reads a service config. Every error is collected with its JSON path; fields it does not know are skipped, as the format demands.</summary>
internal sealed class ServiceConfigParser
{
    private static readonly Dictionary<string, StatusCode> StatusNames = Enum.GetValues<StatusCode>()
        .ToDictionary(status => status.ToString(), StringComparer.OrdinalIgnoreCase);

    private readonly List<string> _errors = [];
    private readonly Dictionary<string, MethodConfig> _methods = new(StringComparer.Ordinal);

    private ServiceConfigParser()
    {
    }

    public static (ServiceConfig Config, IReadOnlyList<string> Errors) Parse(string json)
    {
        var parser = new ServiceConfigParser();
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
            parser.ReadRoot(document.RootElement);
        }
        catch (JsonException e)
        {
            parser._errors.Add($"It is not valid JSON: {e.Message}");
        }

        return (new ServiceConfig(parser._methods), parser._errors);
    }

    private void ReadRoot(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            Fail("$", "an object is expected");
            return;
        }

        foreach (var (config, path) in Items(root, "methodConfig", "$"))
        {
            if (config.ValueKind != JsonValueKind.Object)
            {
                Fail(path, "an object is expected");
                continue;
            }

            var method = ReadMethodConfig(config, path);
            foreach (var (name, namePath) in Items(config, "name", path))
            {
                ReadName(name, namePath, method);
            }
        }
    }

    private void ReadName(JsonElement name, string path, MethodConfig method)
    {
        if (name.ValueKind != JsonValueKind.Object)
        {
            Fail(path, "an object is expected");
            return;
        }

        var service = ReadString(name, "service", path);
        var methodName = ReadString(name, "method", path);
        if (service.Length == 0 && methodName.Length > 0)
        {
            Fail($"{path}.method", "a method needs its service");
        }
        else if (!_methods.TryAdd(ServiceConfig.Key(service, methodName), method))
        {
            Fail(path, "the name has a config already; each may have one");
        }
    }

    private MethodConfig ReadMethodConfig(JsonElement config, string path) => new()
    {
        Timeout = ReadDuration(config, "timeout", path),
        WaitForReady = ReadBool(config, "waitForReady", path),
        RetryPolicy = config.TryGetProperty("retryPolicy", out var policy) ? ReadRetryPolicy(policy, $"{path}.retryPolicy") : null,
        MaxRequestMessageBytes = ReadSize(config, "maxRequestMessageBytes", path),
        MaxResponseMessageBytes = ReadSize(config, "maxResponseMessageBytes", path),
    };

    private RetryPolicy? ReadRetryPolicy(JsonElement policy, string path)
    {
        if (policy.ValueKind != JsonValueKind.Object)
        {
            Fail(path, "an object is expected");
            return null;
        }

        var attempts = ReadNumber(policy, "maxAttempts", path);
        if (attempts is null or < 2 or > int.MaxValue || attempts != Math.Floor(attempts.Value))
        {
            Fail($"{path}.maxAttempts", "a whole number of at least 2 is expected");
            attempts = 2;
        }

        var multiplier = ReadNumber(policy, "backoffMultiplier", path);
        if (multiplier is null or <= 0)
        {
            Fail($"{path}.backoffMultiplier", "a number above 0 is expected");
        }

        return new RetryPolicy
        {
            MaxAttempts = (int)attempts.Value,
            InitialBackoff = ReadPause(policy, "initialBackoff", path),
            MaxBackoff = ReadPause(policy, "maxBackoff", path),
            BackoffMultiplier = multiplier ?? 1,
            Statuses = ReadStatuses(policy, path),
        };
    }

    private HashSet<StatusCode> ReadStatuses(JsonElement policy, string path)
    {
        var statuses = new HashSet<StatusCode>();
        foreach (var (item, itemPath) in Items(policy, "retryableStatusCodes", path))
        {
            if (item.ValueKind == JsonValueKind.String && StatusNames.TryGetValue(item.GetString()!.Replace("_", null, StringComparison.Ordinal), out var named))
            {
                statuses.Add(named);
            }
            else if (item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number) && Enum.IsDefined((StatusCode)number))
            {
                statuses.Add((StatusCode)number);
            }
            else
            {
                Fail(itemPath, $"{item.GetRawText()} is no gRPC status");
            }
        }

        if (statuses.Count == 0)
        {
            Fail($"{path}.retryableStatusCodes", "at least one status is expected");
        }

        return statuses;
    }

    private TimeSpan ReadPause(JsonElement policy, string property, string path)
    {
        var pause = ReadDuration(policy, property, path);
        if (pause is null || pause <= TimeSpan.Zero)
        {
            Fail($"{path}.{property}", "a duration above 0 is expected, such as \"0.1s\"");
        }

        return pause ?? TimeSpan.Zero;
    }

    private TimeSpan? ReadDuration(JsonElement parent, string property, string path)
    {
        if (!parent.TryGetProperty(property, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && Proto3Duration.TryParse(value.GetString(), out var duration) && duration >= TimeSpan.Zero)
        {
            return duration;
        }

        Fail($"{path}.{property}", $"{value.GetRawText()} is no duration; write seconds and an s, such as \"1.5s\"");
        return null;
    }

    private bool? ReadBool(JsonElement parent, string property, string path)
    {
        if (!parent.TryGetProperty(property, out var value))
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Fail($"{path}.{property}", "true or false is expected");
        return null;
    }

    private int? ReadSize(JsonElement parent, string property, string path)
    {
        // 64-bit integers are strings in proto3 JSON, and many write these so.
        var number = ReadNumber(parent, property, path, orString: true);
        if (number is null)
        {
            return null;
        }

        if (number >= 0 && number == Math.Floor(number.Value))
        {
            return (int)Math.Min(number.Value, int.MaxValue);
        }

        Fail($"{path}.{property}", "a whole number of bytes is expected");
        return null;
    }

    private double? ReadNumber(JsonElement parent, string property, string path, bool orString = false)
    {
        if (!parent.TryGetProperty(property, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number)
        {
            return value.GetDouble();
        }

        if (orString && value.ValueKind == JsonValueKind.String
            && double.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        Fail($"{path}.{property}", $"{value.GetRawText()} is no number");
        return null;
    }

    private string ReadString(JsonElement parent, string property, string path)
    {
        if (!parent.TryGetProperty(property, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return string.Empty;
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return value.GetString()!;
        }

        Fail($"{path}.{property}", "a string is expected");
        return string.Empty;
    }

    private List<(JsonElement Item, string Path)> Items(JsonElement parent, string property, string path)
    {
        if (!parent.TryGetProperty(property, out var array))
        {
            return [];
        }

        if (array.ValueKind != JsonValueKind.Array)
        {
            Fail($"{path}.{property}", "an array is expected");
            return [];
        }

        return [.. array.EnumerateArray().Select((item, index) => (item, $"{path}.{property}[{index}]"))];
    }

    private void Fail(string path, string problem) => _errors.Add($"{path}: {problem}.");
}
