using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Primitives;

namespace PooledClients.Tests.Connections.Endpoints.Sets;

/// <summary>Says what the test says, and that it has changed.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer or a link has nothing to dispose.")]
internal sealed class FakeResolver : IEndpointResolver
{
    private volatile EndPoint[] _endPoints = [];
    private CancellationTokenSource _changed = new();

    /// <summary>Gets or sets what it says where nobody has told it by <see cref="Set"/>, without a word of a change.</summary>
    public Func<EndPoint[]>? Answer { get; set; }

    /// <summary>Gets or sets what it waits for before it answers.</summary>
    public Task Held { get; set; } = Task.CompletedTask;

    public int Asked { get; private set; }

    public void Set(params EndPoint[] endPoints)
    {
        _endPoints = endPoints;
        using var changed = Interlocked.Exchange(ref _changed, new CancellationTokenSource());
        changed.Cancel();
    }

    public async ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken)
    {
        Asked++;
        await Held;
        if (Answer is { } answer)
        {
            return new ResolvedEndpoints(answer());
        }

        var changed = Volatile.Read(ref _changed).Token;
        return new ResolvedEndpoints(_endPoints) { ChangeToken = new CancellationChangeToken(changed) };
    }
}
