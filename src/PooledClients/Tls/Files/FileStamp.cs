namespace PooledClients.Tls.Files;

/// <summary>
/// What tells one state of a file from the next without opening it. A symbolic link is followed, so a swap of any link on the way
/// shows as another inode, and the time of the last status change shows a rewrite that kept size and modification time.
/// </summary>
internal readonly record struct FileStamp(ulong Device, ulong Inode, long Size, Int128 Modified, Int128 Changed, bool IsRegular)
{
    /// <summary>The stamp of a file that is not there, or that may not be looked at.</summary>
    public static readonly FileStamp Missing;

    public static FileStamp Of(string path) =>
        OperatingSystem.IsLinux() && LinuxStat.TryRead(path, out var stamp) ? stamp : FromFileInfo(path);

    private static FileStamp FromFileInfo(string path)
    {
        var file = new FileInfo(path);
        try
        {
            if (file.LinkTarget is not null)
            {
                file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
            }

            return file.Exists ? new FileStamp(0, 0, file.Length, file.LastWriteTimeUtc.Ticks, file.CreationTimeUtc.Ticks, true) : Missing;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Missing;
        }
    }
}
