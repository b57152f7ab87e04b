using PooledClients.Scenarios.Measuring;
using PooledClients.Scenarios.Processes;

namespace PooledClients.Scenarios.Bench;

/// <summary>Watches one process from outside: its descriptors, and the reads of the CA file it trusts.</summary>
internal sealed class ProcessWatch(ChildProcess child, string caPath) : IDisposable
{
    private readonly DescriptorSampler _descriptors = new(child.Id);
    private readonly FileReadCounter _reads = new(caPath);
    private bool _disposed;

    public int PeakDescriptors => _descriptors.Peak;

    public long CaReads => _reads.Opens;

    public IReadOnlyList<DescriptorSample> Descriptors => _descriptors.Samples;

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _descriptors.Dispose();
            _reads.Dispose();
        }
    }
}
