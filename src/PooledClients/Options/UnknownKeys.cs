namespace PooledClients;

/// <summary>What becomes of a key in the section <c>PooledClients</c> that means nothing: a typo, or a client that was not added.</summary>
public enum UnknownKeys
{
    /// <summary>The host does not start, and says what was probably meant.</summary>
    FailStart,

    /// <summary>A warning is logged: for a configuration that several services share.</summary>
    Warn,
}
