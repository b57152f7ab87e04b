using PooledClients.IntegrationTests.Processes;
using Xunit.Runner.InProc.SystemConsole;

namespace PooledClients.IntegrationTests;

/// <summary>The test runner's entry point, and that of the child processes that tests start.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args) => args is [ChildRoutine.Switch, .. var rest]
        ? ChildRoutine.RunAsync(rest)
        : ConsoleRunner.Run(args);
}
