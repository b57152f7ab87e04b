using System.Runtime.InteropServices;

namespace PooledClients.Tls.Files;

/// <summary><c>statx(2)</c>: it takes no descriptor, so it works while the process has none left.</summary>
internal static partial class LinuxStat
{
    private const int AtCurrentDirectory = -100;
    private const uint BasicStats = 0x7ff;
    private const int OperationNotPermitted = 1;
    private const int NotImplemented = 38;
    private const ushort TypeMask = 0xf000;
    private const ushort RegularFile = 0x8000;

    private static volatile bool _unsupported;

    /// <summary>Reads the stamp of a path; false only where the call itself is not to be had.</summary>
    public static bool TryRead(string path, out FileStamp stamp)
    {
        stamp = FileStamp.Missing;
        if (_unsupported)
        {
            return false;
        }

        try
        {
            if (StatX(AtCurrentDirectory, path, 0, BasicStats, out var buffer) == 0)
            {
                stamp = buffer.ToStamp();
                return true;
            }
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            _unsupported = true;
            return false;
        }

        // An old kernel lacks the call and a sandbox may forbid it; every other error is about the file.
        _unsupported = Marshal.GetLastPInvokeError() is NotImplemented or OperationNotPermitted;
        return !_unsupported;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int directory, string path, int flags, uint mask, out Buffer buffer);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Buffer
    {
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(96)] public long ChangedSeconds;
        [FieldOffset(104)] public uint ChangedNanoseconds;
        [FieldOffset(112)] public long ModifiedSeconds;
        [FieldOffset(120)] public uint ModifiedNanoseconds;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;

        public readonly FileStamp ToStamp() => new(
            ((ulong)DeviceMajor << 32) | DeviceMinor,
            Inode,
            (long)Size,
            ((Int128)ModifiedSeconds * 1_000_000_000) + ModifiedNanoseconds,
            ((Int128)ChangedSeconds * 1_000_000_000) + ChangedNanoseconds,
            (Mode & TypeMask) == RegularFile);
    }
}
