using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace PooledClients.Diagnostics.Instruments;

/// <summary>The instruments of breakers and retry budgets, asked when somebody collects.</summary>
internal sealed class ResilienceMetrics
{
    private static readonly string[] States = ["closed", "open", "half_open"];

    private readonly ConcurrentQueue<Func<IEnumerable<BreakerReading>>> _breakers = new();
    private readonly ConcurrentQueue<Func<IEnumerable<RetryBudgetReading>>> _budgets = new();

    public ResilienceMetrics(IMeterFactory meterFactory)
    {
        var meter = meterFactory.Create("PooledClients");
        meter.CreateObservableUpDownCounter("pooledclients.breaker.state", ReadBreakers, "{breaker}", "Breakers by state: 1 for the one that it is in, 0 for the others.");
        meter.CreateObservableGauge("pooledclients.retry_budget", ReadBudgets, "{attempt}", "Further attempts that an address's retry budget allows now.");
    }

    public void ObserveBreakers(Func<IEnumerable<BreakerReading>> read) => _breakers.Enqueue(read);

    public void ObserveBudgets(Func<IEnumerable<RetryBudgetReading>> read) => _budgets.Enqueue(read);

    // Clients of one address with other options have a breaker of their own: the attributes tell the address, so they add up.
    private IEnumerable<Measurement<int>> ReadBreakers() =>
        from read in _breakers
        from breaker in read()
        group breaker by (breaker.Address, breaker.Kind) into breakers
        from state in States
        select new Measurement<int>(
            breakers.Count(breaker => breaker.State == state),
            ServerTags.Array(breakers.Key.Address, new("pooledclients.kind", breakers.Key.Kind), new("pooledclients.breaker.state", state)));

    private IEnumerable<Measurement<double>> ReadBudgets() =>
        from read in _budgets
        from budget in read()
        group budget by (budget.Address, budget.Kind) into budgets
        select new Measurement<double>(
            budgets.Min(static budget => budget.Available), ServerTags.Array(budgets.Key.Address, new KeyValuePair<string, object?>("pooledclients.kind", budgets.Key.Kind)));
}
