namespace PooledClients.Connections.Wire.Frames;

/// <summary>How far an open stream has come.</summary>
[Flags]
internal enum StreamState : byte
{
    /// <summary>Its HEADERS were sent.</summary>
    Open = 0,

    /// <summary>We have sent END_STREAM.</summary>
    EndedByUs = 1,

    /// <summary>The server has sent END_STREAM.</summary>
    EndedByServer = 2,

    /// <summary>Both have.</summary>
    Ended = EndedByUs | EndedByServer,

    /// <summary>Its response has begun.</summary>
    Answered = 4,
}
