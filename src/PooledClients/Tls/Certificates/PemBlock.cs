namespace PooledClients.Tls.Certificates;

/// <summary>One block of a PEM text: its label, where it begins and the text between its markers. Not a record: nothing may print it.</summary>
internal sealed class PemBlock(string label, int line, ReadOnlyMemory<char> body, ReadOnlyMemory<char> text)
{
    public string Label => label;

    /// <summary>The number of the line with the BEGIN marker, from 1.</summary>
    public int Line => line;

    /// <summary>What stands between the markers.</summary>
    public ReadOnlyMemory<char> Body => body;

    /// <summary>The whole block, markers included.</summary>
    public ReadOnlyMemory<char> Text => text;

    public bool IsPrivateKey => label.EndsWith("PRIVATE KEY", StringComparison.Ordinal);
}
