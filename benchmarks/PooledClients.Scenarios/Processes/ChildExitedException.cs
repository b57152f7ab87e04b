namespace PooledClients.Scenarios.Processes;

/// <summary>A child process exited before it had answered.</summary>
internal sealed class ChildExitedException(int exitCode, string lastWords) : Exception($"The child process exited with code {exitCode}. {lastWords}")
{
    public int ExitCode { get; } = exitCode;
}
