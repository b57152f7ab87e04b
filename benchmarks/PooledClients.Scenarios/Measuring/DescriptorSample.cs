namespace PooledClients.Scenarios.Measuring;

/// <summary>How many descriptors a process held at a moment.</summary>
internal readonly record struct DescriptorSample(double Seconds, int Open);
