namespace PooledClients.Connections.Descriptors;

/// <summary>
/// Counts the descriptors of this process and reads their limit. On a current Linux neither needs a descriptor, so it works when
/// none is left.
/// </summary>
internal abstract class DescriptorMeter
{
    /// <summary>Where the count comes from, for people.</summary>
    public abstract string Source { get; }

    public abstract DescriptorReading Read();
}
