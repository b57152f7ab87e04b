namespace PooledClients.Tls.Files;

/// <summary>Why files of certificates or keys cannot be used, and what to do about it. It never quotes their content.</summary>
internal sealed class TlsContentException : Exception
{
    public const string Missing = "the file does not exist; check the path, and that its volume is mounted";

    public TlsContentException(string reason, string remedy, int? line = null, int fileIndex = 0)
        : base(line is null ? $"{reason}; {remedy}" : $"line {line}: {reason}; {remedy}") => FileIndex = fileIndex;

    /// <summary>The same trouble, told of another file of the unit.</summary>
    public TlsContentException(TlsContentException other, int fileIndex)
        : base(other.Message) => FileIndex = fileIndex;

    private TlsContentException(string message, int fileIndex, bool unreadable)
        : base(message) => (FileIndex, IsUnreadable) = (fileIndex, unreadable);

    /// <summary>Which of the files that are read as one unit is wrong.</summary>
    public int FileIndex { get; }

    /// <summary>Whether nothing was read, so that nothing is known of the content: the next look tries again.</summary>
    public bool IsUnreadable { get; }

    public static TlsContentException Unreadable(string reason, int fileIndex) => new(reason, fileIndex, unreadable: true);

    /// <param name="cause">Why the file could not be read.</param>
    /// <param name="path">The file, which whoever tells of it names where it may be named: a key's is nobody's business.</param>
    /// <param name="fileIndex">Which of the unit it is.</param>
    public static TlsContentException Unreadable(Exception cause, string path, int fileIndex) => Unreadable(
        cause switch
        {
            FileNotFoundException or DirectoryNotFoundException => Missing,
            UnauthorizedAccessException => "this process may not read the file; give its user read access",
            _ => $"the file could not be read ({cause.Message.Replace($" : '{path}'", "", StringComparison.Ordinal).Replace(path, "it", StringComparison.Ordinal).TrimEnd('.')}); check the file and the process's limits",
        },
        fileIndex);
}
