using System.Globalization;
using System.Text.Json;

namespace PooledClients.Grpc.ServiceConfigs;

/// <summary>Reads typed properties of JSON objects; what is wrong becomes an error with its path.</summary>
internal sealed class JsonFields(List<string> errors)
{
    public TimeSpan? Duration(JsonElement parent, string property, string path)
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

    public bool? Bool(JsonElement parent, string property, string path)
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

    public int? Size(JsonElement parent, string property, string path)
    {
        // 64-bit integers are strings in proto3 JSON, and many write these so.
        var number = Number(parent, property, path, orString: true);
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

    public double? Number(JsonElement parent, string property, string path, bool orString = false)
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

    public string String(JsonElement parent, string property, string path)
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

    public List<(JsonElement Item, string Path)> Items(JsonElement parent, string property, string path)
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

    public void Fail(string path, string problem) => errors.Add($"{path}: {problem}.");
}
