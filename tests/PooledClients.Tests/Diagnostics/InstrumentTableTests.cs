using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections.Budget;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Instruments;
using PooledClients.Grpc;
using PooledClients.Http;
using PooledClients.Tls;
using RocksDb.V1;

namespace PooledClients.Tests.Diagnostics;

/// <summary>The instruments are what docs/diagnostics.md says that they are, each of them and no other.</summary>
public sealed partial class InstrumentTableTests
{
    private const string Latencies = "0 0.00001 0.00005 0.0001 0.0003 0.0006 0.0008 0.001 0.002 0.003 0.004 0.005 0.006 0.008 0.01 0.013 0.016 0.02 0.025 0.03 0.04 0.05 0.065 0.08 0.1 0.13 0.16 0.2 0.25 0.3 0.4 0.5 0.65 0.8 1 2 5 10 20 50 100";
    private const string Sizes = "0 1024 2048 4096 16384 65536 262144 1048576 4194304 16777216 67108864 268435456 1073741824 4294967296";
    private const string Waits = "0.001 0.005 0.01 0.05 0.1 0.5 1 5 10 30";

    [Fact]
    public async Task Instruments_OfTheMeter_AreThoseOfTheTable()
    {
        var services = new ServiceCollection();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(static options => options.Address = new Uri("http://localhost:1"));
        services.AddPooledHttpClient("api");
        await using var provider = services.BuildServiceProvider();
        var factory = provider.GetRequiredService<IMeterFactory>();
        List<string> found = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == "PooledClients" && ReferenceEquals(instrument.Meter.Scope, factory))
                {
                    found.Add(Describe(instrument));
                }
            },
        };
        listener.Start();
        foreach (var owner in new[]
        {
            typeof(PooledClientsMetrics), typeof(ConnectionGate), typeof(GrpcMetrics), typeof(HttpMetrics), typeof(CallMetrics), typeof(ConnectionMetrics),
            typeof(ResilienceMetrics), typeof(TlsRegistry), typeof(GrpcChannelPool), typeof(HttpClients),
        })
        {
            provider.GetRequiredService(owner);
        }

        Assert.Equal(Rows().Order(StringComparer.Ordinal), found.Distinct().Order(StringComparer.Ordinal));
    }

    // name, kind, unit and buckets; attributes show when something is recorded.
    private static string Describe(Instrument instrument)
    {
        var kind = instrument.GetType().Name.Split('`')[0];
        var type = instrument.GetType().GenericTypeArguments[0];
        var advice = instrument.GetType().GetProperty("Advice", BindingFlags.Public | BindingFlags.Instance)?.GetValue(instrument);
        var boundaries = (advice?.GetType().GetProperty("HistogramBucketBoundaries")?.GetValue(advice) as System.Collections.IEnumerable)?.Cast<IFormattable>();
        Assert.True(kind != "Histogram" || boundaries is not null, $"{instrument.Name} advises no buckets.");
        Assert.False(string.IsNullOrEmpty(instrument.Description), $"{instrument.Name} is not described.");
        Assert.True(type.IsValueType);
        return $"{instrument.Name}|{kind}|{instrument.Unit}|{(boundaries is null ? "" : string.Join(' ', boundaries.Select(static b => b.ToString("0.#####", CultureInfo.InvariantCulture))))}";
    }

    private static IEnumerable<string> Rows() =>
        File.ReadLines(Path.Combine(Repository.Root, "docs", "diagnostics.md")).Select(static line => Row().Match(line)).Where(static row => row.Success).Select(static row =>
            $"{row.Groups[1].Value}|{row.Groups[2].Value}|{row.Groups[3].Value}|{row.Groups[5].Value.Trim() switch { "L" => Latencies, "S" => Sizes, "W" => Waits, var other => other }}");

    [GeneratedRegex(@"^\| `([a-z_.]+)` \| (\w+) \| `([^`]+)` \| ([^|]*)\|([^|]*)\|$")]
    private static partial Regex Row();
}
