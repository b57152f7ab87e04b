using System.Net;

namespace PooledClients.Platform;

/// <summary>A content that has itself buffered, to see in what.</summary>
internal sealed class BufferProbe : HttpContent
{
    private Type _type = typeof(Stream);

    public static Type Find()
    {
        using var probe = new BufferProbe();
        probe.LoadIntoBufferAsync().GetAwaiter().GetResult();
        return probe._type;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        _type = stream.GetType();
        return Task.CompletedTask;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
