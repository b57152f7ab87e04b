using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using PooledClients.TestBed.Docs;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>
/// The OpenTelemetry SDK, as a user has it, over the meter of one container. A test process has many containers, whose meters the SDK takes
/// for one, and it stops reading that when the first is disposed: so the container's meters are marked.
/// </summary>
internal sealed class Telemetry : IMeterFactory
{
    private readonly List<Metric> _metrics = [];
    private readonly List<Meter> _meters = [];
    private readonly string _mark = Guid.NewGuid().ToString();
    private readonly MeterProvider _provider;

    public Telemetry() => _provider = Sdk.CreateMeterProviderBuilder().AddMeter("PooledClients").AddInMemoryExporter(_metrics).Build();

    /// <summary>
    /// What was recorded so far by an instrument: its unit, and each point with its attributes. Those of all instruments have to be what the docs say.
    /// </summary>
    public IReadOnlyList<Point> Read(string instrument)
    {
        lock (_metrics)
        {
            _metrics.Clear();
            _provider.ForceFlush();
            List<Point> points = [.. _metrics.Where(IsOwn).SelectMany(PointsOf)];
            points.ForEach(static point => InstrumentTable.Check(point.Name, point.Attributes));
            return [.. points.Where(point => point.Name == instrument)];
        }
    }

    /// <summary>Waits for the first point that has these attributes, given as <c>name=value</c>.</summary>
    public async Task<Point> WaitForAsync(string instrument, params string[] attributes)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var points = Read(instrument);
            if (points.FirstOrDefault(point => attributes.All(point.Has)) is { } found)
            {
                return found;
            }

            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{instrument} {string.Join(' ', attributes)} is not among:\n{string.Join('\n', points)}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Makes a meter of the container.</summary>
    public Meter Create(MeterOptions options)
    {
        lock (_meters)
        {
            if (_meters.Find(meter => meter.Name == options.Name) is { } made)
            {
                return made;
            }

            var meter = new Meter(options.Name, options.Version, [new("test", _mark)], scope: this);
            _meters.Add(meter);
            return meter;
        }
    }

    public void Dispose()
    {
        _provider.Dispose();
        _meters.ForEach(static meter => meter.Dispose());
    }

    private bool IsOwn(Metric metric) => metric.MeterTags?.Any(tag => Equals(tag.Value, _mark)) == true;

    private static IEnumerable<Point> PointsOf(Metric metric)
    {
        var points = new List<Point>();
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var attributes = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var tag in point.Tags)
            {
                attributes[tag.Key] = Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "";
            }

            var (value, bounds) = metric.MetricType switch
            {
                MetricType.Histogram => (point.GetHistogramCount(), BoundsOf(point)),
                MetricType.LongSum or MetricType.LongSumNonMonotonic => (point.GetSumLong(), 0),
                MetricType.LongGauge => (point.GetGaugeLastValueLong(), 0),
                MetricType.DoubleGauge => (point.GetGaugeLastValueDouble(), 0),
                _ => (point.GetSumDouble(), 0),
            };
            var sum = metric.MetricType == MetricType.Histogram ? point.GetHistogramSum() : value;
            points.Add(new Point(metric.Name, metric.Unit, attributes, value, bounds, sum));
        }

        return points;
    }

    private static int BoundsOf(in MetricPoint point)
    {
        var bounds = 0;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            bounds += double.IsPositiveInfinity(bucket.ExplicitBound) ? 0 : 1;
        }

        return bounds;
    }

    internal sealed record Point(string Name, string Unit, IReadOnlyDictionary<string, string> Attributes, double Value, int Bounds, double Sum)
    {
        public bool Has(string attribute) => attribute.Split('=', 2) is [var name, var value] && Attributes.TryGetValue(name, out var found) && found == value;

        public override string ToString() => $"{Name} {string.Join(' ', Attributes.Select(static pair => $"{pair.Key}={pair.Value}"))}: {Value}";
    }
}
