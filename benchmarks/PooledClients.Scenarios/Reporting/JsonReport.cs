using System.Text.Encodings.Web;
using System.Text.Json;
using PooledClients.Scenarios.Bench;

namespace PooledClients.Scenarios.Reporting;

/// <summary>Writes the rows as a JSON array.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static async Task WriteAsync(string path, IReadOnlyList<Row> rows)
    {
        await using var file = File.Create(path);
        await JsonSerializer.SerializeAsync(file, rows, Options);
    }
}
