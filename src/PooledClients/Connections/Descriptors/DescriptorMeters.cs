namespace PooledClients.Connections.Descriptors;

internal static class DescriptorMeters
{
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
}
