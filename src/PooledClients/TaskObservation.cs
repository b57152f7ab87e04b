namespace PooledClients;

/// <summary>Looks at how tasks fail, for those that nobody else may look at: a failure that nobody has seen is told of by the runtime as one.</summary>
internal static class TaskObservation
{
    /// <summary>Has been looked at, however it ends: the same is told elsewhere.</summary>
    public static Task<T> Observed<T>(this Task<T> task)
    {
        if (task.IsCompleted)
        {
            _ = task.Exception;
        }
        else
        {
            task.ObserveIf(static () => true);
        }

        return task;
    }

    /// <summary>Has been looked at if that holds when it has failed.</summary>
    public static void ObserveIf(this Task task, Func<bool> condition) => task.ContinueWith(
        static (task, condition) => _ = ((Func<bool>)condition!)() ? task.Exception : null,
        condition,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
