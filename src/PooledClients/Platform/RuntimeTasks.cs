using System.Runtime.CompilerServices;

namespace PooledClients.Platform;

/// <summary>What the library takes for granted of the runtime's tasks beyond their public contract, as <see cref="RuntimeContracts"/> of the rest.</summary>
internal static class RuntimeTasks
{
    private static bool CanSeeWaiting { get; } = FindWaiting();

    /// <summary>
    /// How many wait for a task; none where that cannot be told. They are in a private field of .NET 10, and no public member tells whether anybody
    /// awaits a response.
    /// </summary>
    public static int? WaitingFor(Task task)
    {
        if (!CanSeeWaiting)
        {
            return null;
        }

        switch (ContinuationOf(task))
        {
            case null:
                return 0;
            case List<object?> several:
                lock (several)
                {
                    return several.Count(static one => one is not null);
                }

            default:
                return 1;
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "m_continuationObject")]
    private static extern ref object? ContinuationOf(Task task);

    private static bool FindWaiting()
    {
        try
        {
            return ContinuationOf(new TaskCompletionSource().Task) is null;
        }
        catch (MissingFieldException)
        {
            return false;
        }
    }
}
