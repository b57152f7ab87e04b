namespace PooledClients;

/// <summary>
/// The deadline and the cancellation of the work that is going on, flowing through <see langword="async"/> code: a pooled client's
/// call ends at the smaller of its own deadline and this one. <c>CallDeadlineInterceptor</c> sets it in gRPC services;
/// nothing is ambient unless somebody has begun it.
/// </summary>
/// <remarks>It holds for every kind of call, streaming included, since all of them serve the work that is going on.</remarks>
public static class CallDeadline
{
    private static readonly AsyncLocal<Ambient?> AmbientValue = new();

    /// <summary>Gets the ambient deadline in UTC.</summary>
    /// <value><see langword="null"/> when nothing is ambient, or only a cancellation is.</value>
    public static DateTime? Current => AmbientValue.Value is { Deadline: var deadline } && deadline != DateTime.MaxValue ? deadline : null;

    internal static Ambient? Value => AmbientValue.Value;

    /// <summary>Makes a deadline and a cancellation ambient until the result is disposed.</summary>
    /// <param name="deadline">
    /// When the work has to be done, in UTC; <see cref="DateTime.MaxValue"/> for no deadline. Inside another ambient deadline the
    /// smaller holds.
    /// </param>
    /// <param name="cancellationToken">
    /// Cancels the calls that the work makes. A token that cannot be cancelled leaves the outer one in place.
    /// </param>
    /// <returns>What ends it. Dispose it in the method that began it.</returns>
    /// <exception cref="ArgumentException"><paramref name="deadline"/> is not in UTC.</exception>
    public static IDisposable Begin(DateTime deadline, CancellationToken cancellationToken = default)
    {
        if (deadline.Kind != DateTimeKind.Utc && deadline != DateTime.MaxValue)
        {
            throw new ArgumentException("A deadline is a UTC time, or DateTime.MaxValue for none.", nameof(deadline));
        }

        var outer = AmbientValue.Value;
        return Enter(outer is null
            ? new Ambient(deadline, cancellationToken)
            : new Ambient(
                deadline < outer.Deadline ? deadline : outer.Deadline,
                cancellationToken.CanBeCanceled ? cancellationToken : outer.CancellationToken));
    }

    /// <summary>
    /// Takes the ambient deadline and cancellation away until the result is disposed: for work that outlives the request which
    /// starts it.
    /// </summary>
    /// <returns>What ends it. Dispose it in the method that began it.</returns>
    public static IDisposable Suppress() => Enter(null);

    private static Scope Enter(Ambient? ambient)
    {
        var scope = new Scope(AmbientValue.Value);
        AmbientValue.Value = ambient;
        return scope;
    }

    internal sealed record Ambient(DateTime Deadline, CancellationToken CancellationToken);

    private sealed class Scope(Ambient? outer) : IDisposable
    {
        public void Dispose() => AmbientValue.Value = outer;
    }
}
