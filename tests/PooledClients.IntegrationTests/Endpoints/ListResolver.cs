using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Primitives;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>A resolver whose answer the test sets, and which tells of each change.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer or a link has nothing to dispose.")]
internal sealed class ListResolver(IEnumerable<EndPoint> endPoints) : IEndpointResolver
{
    private volatile Func<IReadOnlyList<EndPoint>> _answer = () => [.. endPoints];
    private CancellationTokenSource _changed = new();
    private int _asked;

    public int Asked => Volatile.Read(ref _asked);

    public void Set(Func<IReadOnlyList<EndPoint>> answer)
    {
        _answer = answer;
        Interlocked.Exchange(ref _changed, new CancellationTokenSource()).Cancel();
    }

    public ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken)
    {
        var changed = Volatile.Read(ref _changed).Token;
        Interlocked.Increment(ref _asked);
        return new(new ResolvedEndpoints(_answer()) { ChangeToken = new CancellationChangeToken(changed) });
    }
}
