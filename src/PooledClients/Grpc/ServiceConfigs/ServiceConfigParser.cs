using System.Text.Json;
using Grpc.Core;
using PooledClients.Grpc.Retries;

namespace PooledClients.Grpc.ServiceConfigs;

/// <summary>Reads a service config. Every error is collected with its JSON path; fields it does not know are skipped, as the format demands.</summary>
internal sealed class ServiceConfigParser
{
    private static readonly Dictionary<string, StatusCode> StatusNames = Enum.GetValues<StatusCode>()
        .ToDictionary(status => status.ToString(), StringComparer.OrdinalIgnoreCase);

    // gRFC A6: "Values of maxAttempts greater than 5 are treated as 5 without being considered a validation error."
    private const int MostAttempts = 5;

    private readonly List<string> _errors = [];
    private readonly List<string> _notes = [];
    private readonly Dictionary<string, MethodConfig> _methods = new(StringComparer.Ordinal);
    private readonly JsonFields _json;

    private ServiceConfigParser()
    {
        _json = new JsonFields(_errors);
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

        return (new ServiceConfig(parser._methods, parser._notes), parser._errors);
    }

    private void ReadRoot(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            _json.Fail("$", "an object is expected");
            return;
        }

        if (root.TryGetProperty("retryThrottling", out _))
        {
            _notes.Add("$.retryThrottling is not taken: the address's retry budget (Resilience:RetryBudget) bounds further attempts");
        }

        foreach (var (config, path) in _json.Items(root, "methodConfig", "$"))
        {
            if (config.ValueKind != JsonValueKind.Object)
            {
                _json.Fail(path, "an object is expected");
                continue;
            }

            if (config.TryGetProperty("hedgingPolicy", out _))
            {
                _notes.Add($"{path}.hedgingPolicy is not taken: Resilience:Hedging:Delay hedges");
            }

            var method = ReadMethodConfig(config, path);
            foreach (var (name, namePath) in _json.Items(config, "name", path))
            {
                ReadName(name, namePath, method);
            }
        }
    }

    private void ReadName(JsonElement name, string path, MethodConfig method)
    {
        if (name.ValueKind != JsonValueKind.Object)
        {
            _json.Fail(path, "an object is expected");
            return;
        }

        var service = _json.String(name, "service", path);
        var methodName = _json.String(name, "method", path);
        if (service.Length == 0 && methodName.Length > 0)
        {
            _json.Fail($"{path}.method", "a method needs its service");
        }
        else if (!_methods.TryAdd(ServiceConfig.Key(service, methodName), method))
        {
            _json.Fail(path, "the name has a config already; each may have one");
        }
    }

    private MethodConfig ReadMethodConfig(JsonElement config, string path) => new()
    {
        Timeout = _json.Duration(config, "timeout", path),
        WaitForReady = _json.Bool(config, "waitForReady", path),
        RetryPolicy = config.TryGetProperty("retryPolicy", out var policy) && policy.ValueKind != JsonValueKind.Null ? ReadRetryPolicy(policy, $"{path}.retryPolicy") : null,
        MaxRequestMessageBytes = _json.Size(config, "maxRequestMessageBytes", path),
        MaxResponseMessageBytes = _json.Size(config, "maxResponseMessageBytes", path),
    };

    private RetryPolicy? ReadRetryPolicy(JsonElement policy, string path)
    {
        if (policy.ValueKind != JsonValueKind.Object)
        {
            _json.Fail(path, "an object is expected");
            return null;
        }

        var attempts = _json.Number(policy, "maxAttempts", path);
        if (attempts is null or < 2 or > int.MaxValue || attempts != Math.Floor(attempts.Value))
        {
            _json.Fail($"{path}.maxAttempts", "a whole number of at least 2 is expected");
            attempts = 2;
        }

        if (attempts > MostAttempts)
        {
            _notes.Add($"{path}.maxAttempts is {attempts}, and counts as {MostAttempts} (gRFC A6)");
            attempts = MostAttempts;
        }

        var multiplier = _json.Number(policy, "backoffMultiplier", path);
        if (multiplier is null or <= 0)
        {
            _json.Fail($"{path}.backoffMultiplier", "a number above 0 is expected");
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
        foreach (var (item, itemPath) in _json.Items(policy, "retryableStatusCodes", path))
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
                _json.Fail(itemPath, $"{item.GetRawText()} is no gRPC status");
            }
        }

        if (statuses.Count == 0)
        {
            _json.Fail($"{path}.retryableStatusCodes", "at least one status is expected");
        }

        return statuses;
    }

    private TimeSpan ReadPause(JsonElement policy, string property, string path)
    {
        var pause = _json.Duration(policy, property, path);
        if (pause is null || pause <= TimeSpan.Zero)
        {
            _json.Fail($"{path}.{property}", "a duration above 0 is expected, such as \"0.1s\"");
        }

        return pause ?? TimeSpan.Zero;
    }
}
