using System.Globalization;
using System.Text.Json.Serialization;

namespace PooledClients.Scenarios.Throughput;

/// <summary>Several measurements of one thing: the one in the middle, the least and the most.</summary>
internal sealed record Spread(double Median, double Least, double Most)
{
    [JsonIgnore]
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Median:0.00} ({Least:0.00}-{Most:0.00})");

    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        var median = sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
        return new Spread(Round(median), Round(sorted[0]), Round(sorted[^1]));
    }

    private static double Round(double value) => value >= 100 ? Math.Round(value) : Math.Round(value, 3);
}
