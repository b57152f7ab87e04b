namespace PooledClients.Tls.Handshakes;

/// <summary>A connection's stream that tells its handshake's recorder what it receives.</summary>
internal interface IHandshakeStream
{
    HandshakeRecorder? Handshake { get; }
}
