using Microsoft.Win32.SafeHandles;

namespace PooledClients.Tls.Files;

/// <summary>Reads a file that another process may be writing.</summary>
internal static class FileContent
{
    /// <summary>The largest file that is read. The bundle of all public authorities is about a quarter of this.</summary>
    public const int MaxBytes = 1024 * 1024;

    private const int MaxAttempts = 5;

    /// <summary>Reads through one handle until two reads in a row agree.</summary>
    /// <returns>The content, at most one byte over <paramref name="limit"/>.</returns>
    public static byte[] Read(string path, int limit)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var previous = ReadOnce(handle, limit);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var next = ReadOnce(handle, limit);
            if (next.AsSpan().SequenceEqual(previous))
            {
                return next;
            }

            previous = next;
        }

        throw new IOException("The file changes while it is read.");
    }

    private static byte[] ReadOnce(SafeFileHandle handle, int limit)
    {
        var buffer = new byte[Math.Clamp(RandomAccess.GetLength(handle), 0, limit) + 1];
        var length = 0;
        while (length < buffer.Length)
        {
            var read = RandomAccess.Read(handle, buffer.AsSpan(length), length);
            if (read == 0)
            {
                break;
            }

            length += read;
        }

        return buffer[..length];
    }
}
