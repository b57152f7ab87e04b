namespace PooledClients.TestBed.Processes;

/// <summary>How a child process ended, and what it wrote.</summary>
internal sealed record ChildResult(int ExitCode, string Output, string Error)
{
    /// <summary>The exit code of a process that the runtime aborted (SIGABRT).</summary>
    public const int Aborted = 134;

    /// <summary>Fails the test, with everything the child wrote, unless its routine ran to its end.</summary>
    public ChildResult AssertSucceeded()
    {
        Assert.True(ExitCode == 0, $"The child ended with {ExitCode}.\n{Output}\n{Error}");
        return this;
    }
}
