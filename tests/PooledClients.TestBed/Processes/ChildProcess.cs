using System.Diagnostics;
using System.Globalization;

namespace PooledClients.TestBed.Processes;

/// <summary>
/// Runs a routine in a process of its own, for what no test process should go through: a lowered descriptor limit, EMFILE, an
/// abort, or a count of its own descriptors that no other test disturbs.
/// </summary>
internal static class ChildProcess
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Runs <paramref name="routine"/>, a static method, and tells how the process ended. The routine says that it failed by throwing.
    /// </summary>
    public static async Task<ChildResult> RunAsync(
        Func<string[], Task> routine, int? descriptorLimit = null, params string[] args)
    {
        using var child = Start(routine, descriptorLimit, args);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        bound.CancelAfter(Bound);
        var output = child.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = child.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await child.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            child.Kill();
            await child.WaitForExitAsync(CancellationToken.None);
            Assert.Fail($"The child {routine.Method.Name} did not end within {Bound}.\n{await output}\n{await error}");
        }

        return new ChildResult(child.ExitCode, await output, await error);
    }

    /// <summary>Starts <paramref name="routine"/> with its three streams redirected; the caller kills, waits and disposes.</summary>
    public static Process Start(Func<string[], Task> routine, int? descriptorLimit = null, params string[] args)
    {
        if (!routine.Method.IsStatic)
        {
            throw new ArgumentException("A child's routine is a static method: the process shares nothing with this one.", nameof(routine));
        }

        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, routine.Method.DeclaringType!.Assembly.GetName().Name!))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(ChildRoutine.Switch);
        start.ArgumentList.Add(routine.Method.DeclaringType.AssemblyQualifiedName!);
        start.ArgumentList.Add(routine.Method.Name);
        start.ArgumentList.Add(descriptorLimit?.ToString(CultureInfo.InvariantCulture) ?? ChildRoutine.NoLimit);
        foreach (var arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        return Process.Start(start)!;
    }
}
