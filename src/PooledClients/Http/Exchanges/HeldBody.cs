using PooledClients.Connections.Endpoints;

namespace PooledClients.Http.Exchanges;

/// <summary>The body of a response, counted at the address whose connection it holds, once, from its headers to the exchange's end.</summary>
internal struct HeldBody
{
    private Destination? _at;

    /// <param name="at">Where the response came from; the one before is read no more.</param>
    /// <param name="end">What is not zero once the exchange has ended, which sets it before it calls <see cref="End"/>.</param>
    public void Begin(Destination? at, ref int end)
    {
        at?.BeginBody();
        Interlocked.Exchange(ref _at, at)?.EndBody();
        if (Volatile.Read(ref end) != 0)
        {
            End();
        }
    }

    public void End() => Interlocked.Exchange(ref _at, null)?.EndBody();
}
