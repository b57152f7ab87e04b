namespace PooledClients;

/// <summary>An address that cannot be reached, or a service of several endpoints of which none is known: its connects are the look-ups of them.</summary>
public sealed class AddressSnapshot
{
    /// <summary>Gets the address.</summary>
    public required string Address { get; init; }

    /// <summary>Gets since when every connect to it has failed.</summary>
    public required DateTimeOffset DownSince { get; init; }

    /// <summary>Gets how many connects have failed since then.</summary>
    public required long Failures { get; init; }

    /// <summary>Gets when the last connect failed: an address that nobody calls is not tried again.</summary>
    public required DateTimeOffset LastFailureAt { get; init; }

    /// <summary>Gets why the last connect failed.</summary>
    public required string LastError { get; init; }

    /// <summary>Gets when the next connect may be made, if a call wants one.</summary>
    public required DateTimeOffset NextTryAt { get; init; }
}
