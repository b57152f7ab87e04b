using PooledClients.TestBed.Streams;

namespace PooledClients.IntegrationTests.Http;

/// <summary>Zeros without end, until it is cancelled.</summary>
internal sealed class EndlessStream : ReadingStream
{
    public override int Read(byte[] buffer, int offset, int count) => count;
}
