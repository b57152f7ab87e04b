using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace PooledClients.TestBed.Waiting;

/// <summary>Waits for what the other side of a socket, or a collection, brings about in its own time.</summary>
internal static class Eventually
{
    // Generous: passing costs nothing, and a loaded machine is no failure.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits until <paramref name="condition"/> holds; fails the test, quoting it, when it does not in time.</summary>
    public static Task HoldsAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        HoldsAsync(condition, () => "", what);

    /// <summary>As above, with <paramref name="state"/> telling how things stood at the end.</summary>
    public static async Task HoldsAsync(
        Func<bool> condition, Func<string> state, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > Bound)
            {
                Assert.Fail($"Not within {Bound}: {what}. {state()}");
            }

            await Task.Delay(Step);
        }
    }

    /// <summary>Waits until <paramref name="read"/> gives <paramref name="expected"/>.</summary>
    public static Task EqualAsync<T>(T expected, Func<T> read, [CallerArgumentExpression(nameof(read))] string what = "") =>
        HoldsAsync(() => EqualityComparer<T>.Default.Equals(expected, read()), () => $"Expected {expected}, found {read()}.", what);
}
