using System.Collections.Concurrent;
using PooledClients.Grpc.Retries;

namespace PooledClients.Grpc.Messages;

/// <summary>
/// The contents of unary calls, used again when a call was answered: with its headers one costs some 250 B. Nothing of the runtime's
/// looks at a content that it has written whole and been answered to, and the request gets its own back before.
/// </summary>
internal sealed class SentContentPool
{
    // As many as ten connections carry at a time.
    private const int Most = 1_000;

    private readonly ConcurrentQueue<SentContent> _contents = new();
    private int _count;

    public SentContent Rent(HttpContent inner)
    {
        if (!_contents.TryDequeue(out var content))
        {
            return new SentContent(inner, isStream: false);
        }

        Interlocked.Decrement(ref _count);

        // A channel's messages all have one content type, the same object, and no other header; whoever adds some gets them sent.
        if (inner.Headers.NonValidated.Count != 1 || !ReferenceEquals(inner.Headers.ContentType, content.MediaType))
        {
            return new SentContent(inner, isStream: false);
        }

        content.Reuse(inner);
        return content;
    }

    /// <summary>Takes the content of a call that was answered, and gives the request its own back.</summary>
    public void Return(HttpRequestMessage request, SentContent content)
    {
        if (!content.IsReusable)
        {
            return;
        }

        request.Content = content.Release();
        if (Interlocked.Increment(ref _count) <= Most)
        {
            _contents.Enqueue(content);
        }
        else
        {
            Interlocked.Decrement(ref _count);
        }
    }
}
