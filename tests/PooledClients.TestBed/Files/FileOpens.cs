using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PooledClients.TestBed.Files;

/// <summary>Counts how often a file is opened, by whomever, with inotify: what is believed to be read once is counted, not assumed.</summary>
internal sealed partial class FileOpens : IDisposable
{
    private const int NonBlocking = 0x800;
    private const uint Open = 0x20;

    // Closes in between keep the kernel from merging two opens into one event.
    private const uint CloseNoWrite = 0x10;
    private const int EventLength = 16;
    private readonly SafeFileHandle _inotify;

    public FileOpens(string path)
    {
        _inotify = new SafeFileHandle(InotifyInit(NonBlocking), ownsHandle: true);
        if (_inotify.IsInvalid || InotifyAddWatch(_inotify, path, Open | CloseNoWrite) < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Tells how often the file was opened since the last time it was asked.</summary>
    public int Take()
    {
        var buffer = new byte[EventLength * 256];
        var count = 0;
        nint read;
        while ((read = Read(_inotify, buffer, buffer.Length)) > 0)
        {
            for (var offset = 0; offset < read; offset += EventLength + BitConverter.ToInt32(buffer, offset + 12))
            {
                count += (BitConverter.ToUInt32(buffer, offset + 4) & Open) != 0 ? 1 : 0;
            }
        }

        return count;
    }

    public void Dispose() => _inotify.Dispose();

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint InotifyInit(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int InotifyAddWatch(SafeFileHandle inotify, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Read(SafeFileHandle file, [Out] byte[] buffer, nint count);
}
