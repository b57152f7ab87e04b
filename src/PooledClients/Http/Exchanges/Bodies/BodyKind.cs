namespace PooledClients.Http.Exchanges.Bodies;

/// <summary>What there is to be read of a response.</summary>
internal enum BodyKind
{
    /// <summary>A body that holds a connection until it is read or disposed, as far as can be told.</summary>
    Open,

    /// <summary>None, as the transport's stream says.</summary>
    Empty,

    /// <summary>All of it is here.</summary>
    InMemory,
}
