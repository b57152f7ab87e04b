using System.Globalization;
using System.Reflection;

namespace PooledClients.TestBed.Processes;

/// <summary>The child's side of <see cref="ChildProcess"/>: lowers the descriptor limit, then runs the named routine.</summary>
internal static class ChildRoutine
{
    public const string Switch = "--child";
    public const string NoLimit = "-";

    /// <summary>Runs <c>TYPE METHOD LIMIT args…</c>; 0 when the routine completes, 1 when it throws.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        // Opened while descriptors are still there: at the limit not even the console can be.
        var error = Console.Error;
        _ = Console.Out;
        try
        {
            var method = Type.GetType(args[0], throwOnError: true)!
                .GetMethod(args[1], BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
                ?? throw new MissingMethodException(args[0], args[1]);
            var routine = method.CreateDelegate<Func<string[], Task>>();
            if (args[2] != NoLimit)
            {
                DescriptorLimit.Lower(ulong.Parse(args[2], CultureInfo.InvariantCulture));
            }

            await routine(args[3..]);
            return 0;
        }
#pragma warning disable CA1031 // Whatever goes wrong is the parent's to judge.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await error.WriteLineAsync(exception.ToString());
            return 1;
        }
    }
}
