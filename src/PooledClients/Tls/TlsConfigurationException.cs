namespace PooledClients.Tls;

/// <summary>
/// A set-up of trust or identity that cannot be used. The message names the option, the file, the line where there is one, the
/// reason and the way out; it never holds a file's contents.
/// </summary>
internal sealed class TlsConfigurationException : Exception
{
    public TlsConfigurationException(string optionName, string message)
        : base(message) => OptionName = optionName;

    /// <summary>The member of <see cref="TlsOptions"/> that is wrong.</summary>
    public string OptionName { get; }
}
