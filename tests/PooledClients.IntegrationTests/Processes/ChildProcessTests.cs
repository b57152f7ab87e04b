using PooledClients.TestBed.Processes;

namespace PooledClients.IntegrationTests.Processes;

public class ChildProcessTests
{
    [Fact]
    public async Task Run_WithLimit_LowersTheChildsOwnLimitOnly()
    {
        var before = DescriptorLimit.Current;

        var child = (await ChildProcess.RunAsync(TellLimit, descriptorLimit: 200, "limit")).AssertSucceeded();

        Assert.Equal("limit 200", child.Output.Trim());
        Assert.Equal(before, DescriptorLimit.Current);
    }

    [Fact]
    public async Task Run_RoutineThrows_TellsWhy()
    {
        var child = await ChildProcess.RunAsync(Throw);

        Assert.Equal(1, child.ExitCode);
        Assert.Contains("on purpose", child.Error, StringComparison.Ordinal);
    }

    private static Task TellLimit(string[] args)
    {
        Console.WriteLine($"{args[0]} {DescriptorLimit.Current}");
        return Task.CompletedTask;
    }

    private static Task Throw(string[] args) => throw new InvalidOperationException("on purpose");
}
