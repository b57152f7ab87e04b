namespace PooledClients.Connections.Descriptors;

/// <summary>How many descriptors the process holds and may hold, as of one reading of the meter.</summary>
/// <param name="Open">Descriptors open.</param>
/// <param name="Limit">The process's own limit; <see langword="null"/> when it has none.</param>
/// <param name="Sequence">Which reading it is: a meter whose count is dear repeats its last one.</param>
internal readonly record struct DescriptorReading(int Open, int? Limit, long Sequence)
{
    /// <summary>The share of the limit that is taken; 0 without a limit.</summary>
    public double Share => Limit is int limit ? (double)Open / limit : 0;
}
