using PooledClients.TestBed.Processes;
using Xunit.Runner.InProc.SystemConsole;

namespace PooledClients.IntegrationTests;

/// <summary>The test runner's entry point, and that of the child processes that tests start.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args)
    {
        // What a trimmed application has: the runtime's texts are their keys. Set before anything of the runtime has read one.
        if (Environment.GetEnvironmentVariable("POOLEDCLIENTS_RESOURCE_KEYS") == "1")
        {
            AppContext.SetSwitch("System.Resources.UseSystemResourceKeys", true);
        }

        return args is [ChildRoutine.Switch, .. var rest] ? ChildRoutine.RunAsync(rest) : ConsoleRunner.Run(args);
    }
}
