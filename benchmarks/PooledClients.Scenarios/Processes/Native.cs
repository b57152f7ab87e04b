using System.ComponentModel;
using System.Runtime.InteropServices;

namespace PooledClients.Scenarios.Processes;

/// <summary>The calls to the C library of Linux that the bench needs and the framework has not.</summary>
internal static unsafe partial class Native
{
    private const int DescriptorResource = 7;
    private const int CurrentFolder = -100;
    private const uint SizeOnly = 0x200;
    private const int StatxLength = 256;
    private const int StatxSizeOffset = 40;

    /// <summary>Keeps a descriptor from the children of this process.</summary>
    public const int CloseOnExec = 0x80000;

    /// <summary>Opens of a file, in the words of inotify.</summary>
    public const uint InOpen = 0x20;

    /// <summary>
    /// Lowers the process's own soft and hard limit of descriptors, so that nothing in the process can raise it again.
    /// </summary>
    public static void LimitDescriptors(int limit)
    {
        var value = new ResourceLimit { Soft = (nuint)limit, Hard = (nuint)limit };
        if (SetResourceLimit(DescriptorResource, in value) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Reads the process's own limit of descriptors.</summary>
    public static int DescriptorLimit() => GetResourceLimit(DescriptorResource, out var value) == 0 ? (int)Math.Min(value.Soft, int.MaxValue) : -1;

    /// <summary>Counts the open descriptors of a process without opening its folder, where the kernel can tell; 0 where it cannot.</summary>
    public static int CountDescriptors(string folder)
    {
        var result = stackalloc byte[StatxLength];
        return Statx(CurrentFolder, folder, 0, SizeOnly, result) == 0 ? (int)*(long*)(result + StatxSizeOffset) : 0;
    }

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetResourceLimit(int resource, in ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetResourceLimit(int resource, out ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    public static partial int InotifyInit(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int InotifyAddWatch(int inotify, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    public static partial int InotifyRemoveWatch(int inotify, int watch);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int process, int signal);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
