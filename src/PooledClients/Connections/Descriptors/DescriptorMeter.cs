using System.Runtime.InteropServices;

namespace PooledClients.Connections.Descriptors;

/// <summary>
/// Counts the descriptors of this process and reads their limit. On a current Linux neither needs a descriptor, so it works when
/// none is left.
/// </summary>
internal abstract class DescriptorMeter
{
    /// <summary>Where the count comes from, for people.</summary>
    public abstract string Source { get; }

    /// <summary>The best meter that works here.</summary>
    public static DescriptorMeter Create(TimeProvider timeProvider)
    {
        if (OperatingSystem.IsWindows())
        {
            return new HandleMeter();
        }

        if (OperatingSystem.IsLinux() && StatxMeter.IsSupported)
        {
            return new StatxMeter();
        }

        return new FolderMeter(OperatingSystem.IsLinux() ? "/proc/self/fd" : "/dev/fd", timeProvider);
    }

    public abstract DescriptorReading Read();
}
