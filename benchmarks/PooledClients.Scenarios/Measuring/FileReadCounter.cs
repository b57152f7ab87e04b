using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using PooledClients.Scenarios.Processes;

namespace PooledClients.Scenarios.Measuring;

/// <summary>
/// Counts how often any process opens a file, by inotify on its folder, so that a file that is replaced is still the same file. The
/// kernel merges equal events that wait to be read, so under a storm of opens the count is a lower bound; one open is always one.
/// </summary>
internal sealed class FileReadCounter : IDisposable
{
    private const int HeaderLength = 16;
    private const int MaskOffset = 4;
    private const int NameLengthOffset = 12;
    private const uint Ignored = 0x8000;

    private readonly byte[] _name;
    private readonly FileStream _events;
    private readonly int _inotify;
    private readonly int _watch;
    private readonly Thread _thread;
    private long _opens;

    public FileReadCounter(string path)
    {
        _name = Encoding.UTF8.GetBytes(Path.GetFileName(path));
        _inotify = Native.InotifyInit(Native.CloseOnExec);
        _watch = Native.InotifyAddWatch(_inotify, Path.GetDirectoryName(path)!, Native.InOpen);
        if (_inotify < 0 || _watch < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        _events = new FileStream(new SafeFileHandle(_inotify, ownsHandle: true), FileAccess.Read, bufferSize: 0);
        _thread = new Thread(Run) { IsBackground = true, Name = "file reads", Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    public long Opens => Volatile.Read(ref _opens);

    public void Dispose()
    {
        // The end of the watch is an event itself, and ends the thread.
        _ = Native.InotifyRemoveWatch(_inotify, _watch);
        _thread.Join();
        _events.Dispose();
    }

    private void Run()
    {
        var buffer = new byte[64 * 1024];
        while (_events.Read(buffer) is > 0 and int read)
        {
            int length;
            for (var offset = 0; offset < read; offset += HeaderLength + length)
            {
                var mask = BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(offset + MaskOffset));
                length = BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(offset + NameLengthOffset));
                if ((mask & Ignored) != 0)
                {
                    return;
                }

                // The kernel pads the name with zeros.
                if (buffer.AsSpan(offset + HeaderLength, length).TrimEnd((byte)0).SequenceEqual(_name))
                {
                    Interlocked.Increment(ref _opens);
                }
            }
        }
    }
}
