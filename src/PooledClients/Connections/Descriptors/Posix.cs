using System.Runtime.InteropServices;
using PooledClients.Platform;

namespace PooledClients.Connections.Descriptors;

/// <summary>The few calls into the C library that need no descriptor, or that hold spare ones.</summary>
internal static partial class Posix
{
    private const int AtFdcwd = -100;
    private const int AtNoAutomount = 0x800;
    private const uint StatxSize = 0x200;
    private const int StatxBufferLength = 256 / sizeof(ulong);
    private const int StatxSizeField = 40 / sizeof(ulong);

    private static readonly int RlimitNofile = OperatingSystem.IsLinux() ? 7 : 8;
    private static readonly int OpenCloseOnExec = OperatingSystem.IsLinux() ? 0x80000 : 0x1000000;

    /// <summary>The count of open descriptors; 0 when the kernel does not tell.</summary>
    public static int CountByStatx()
    {
        Span<ulong> buffer = stackalloc ulong[StatxBufferLength];
        return StatX(AtFdcwd, "/proc/self/fd", AtNoAutomount, StatxSize, ref MemoryMarshal.GetReference(buffer)) == 0
            ? (int)buffer[StatxSizeField]
            : 0;
    }

    /// <summary>The process's own soft limit, which the runtime raises to the hard one at start; <see langword="null"/> for none.</summary>
    public static int? DescriptorLimit() =>
        GetRlimit(RlimitNofile, out var limit) == 0 && limit.Soft < int.MaxValue ? (int)limit.Soft : null;

    /// <summary>Opens the null device; -1 when that fails, with <paramref name="outOfDescriptors"/> telling whether for want of a descriptor.</summary>
    public static int OpenNull(out bool outOfDescriptors)
    {
        var descriptor = Open("/dev/null", OpenCloseOnExec);
        outOfDescriptors = descriptor < 0 && Marshal.GetLastPInvokeError() is (RuntimeContracts.Enfile or RuntimeContracts.Emfile);
        return descriptor;
    }

    public static void CloseDescriptor(int descriptor) => _ = Close(descriptor);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, ref ulong buffer);

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetRlimit(int resource, out Rlimit limit);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [StructLayout(LayoutKind.Sequential)]
    private struct Rlimit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
