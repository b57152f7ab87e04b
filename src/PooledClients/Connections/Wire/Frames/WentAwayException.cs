using PooledClients.Connections.Telemetry;

namespace PooledClients.Connections.Wire.Frames;

/// <summary>
/// A connection has ended after its server went away (GOAWAY). The runtime would tell of the frame's error code, which is the connection's and
/// which a channel would take for a call's.
/// </summary>
internal sealed class WentAwayException(int errorCode)
    : IOException($"The server went away and closed the connection (GOAWAY, HTTP/2 error code '{DisconnectReason.CodeOf(errorCode)}').")
{
    /// <summary>Gets why (RFC 9113, section 7).</summary>
    public int ErrorCode => errorCode;
}
