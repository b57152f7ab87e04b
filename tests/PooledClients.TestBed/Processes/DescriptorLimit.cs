using System.ComponentModel;
using System.Runtime.InteropServices;

namespace PooledClients.TestBed.Processes;

/// <summary>This process's own limit of open descriptors (<c>RLIMIT_NOFILE</c>).</summary>
internal static partial class DescriptorLimit
{
    private const int RlimitNoFile = 7;

    /// <summary>Gets the soft limit.</summary>
    public static ulong Current => Read().Soft;

    /// <summary>Lowers the soft limit, for good as far as a test is concerned: only ever done in a child process.</summary>
    public static void Lower(ulong limit)
    {
        var limits = Read() with { Soft = limit };
        if (SetRlimit(RlimitNoFile, in limits) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    private static Limits Read() =>
        GetRlimit(RlimitNoFile, out var limits) == 0 ? limits : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetRlimit(int resource, out Limits limits);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetRlimit(int resource, in Limits limits);

    [StructLayout(LayoutKind.Sequential)]
    private record struct Limits(ulong Soft, ulong Hard);
}
