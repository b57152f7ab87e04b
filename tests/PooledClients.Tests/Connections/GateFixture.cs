using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Budget.Leases;
using PooledClients.Diagnostics;

namespace PooledClients.Tests.Connections;

/// <summary>A gate over a process that a test controls.</summary>
internal sealed class GateFixture : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public GateFixture(int? budget = null, FakeDescriptorMeter? meter = null)
    {
        Meter = meter ?? new FakeDescriptorMeter();
        Metrics = new PooledClientsMetrics(_services.GetRequiredService<IMeterFactory>());
        var options = new PooledClientsOptions();
        options.Descriptors.MaxConnections = budget;
        Gate = new ConnectionGate(Options.Create(options), Meter, Time, Metrics);
    }

    public ConnectionGate Gate { get; }

    public FakeDescriptorMeter Meter { get; }

    public PooledClientsMetrics Metrics { get; }

    public FakeTimeProvider Time { get; } = new();

    public IMeterFactory MeterFactory => _services.GetRequiredService<IMeterFactory>();

    public int InUse => Gate.Capture().InUse;

    public static async Task<ConnectionLease> Now(ValueTask<ConnectionLease> acquiring)
    {
        Assert.True(acquiring.IsCompletedSuccessfully, "The lease should have been granted at once.");
        return await acquiring;
    }

    public void Dispose()
    {
        Gate.Dispose();
        _services.Dispose();
    }
}
