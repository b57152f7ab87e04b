using System.Runtime.CompilerServices;
using CallSite = PooledClients.Connections.CallSites.CallSite;

namespace PooledClients.Tests.Connections.CallSites;

public sealed class CallSiteTests
{
    [Fact]
    public async Task Capture_AfterAnAwait_NamesTheInnermostAsyncMethod()
        => Assert.Equal($"{typeof(CallSiteTests).FullName}.{nameof(InnerAsync)}", await OuterAsync());

    [Fact]
    public async Task Capture_ThroughAMethodThatIsNotAsync_NamesBoth()
    {
        var site = await CallAsync();

        Assert.Equal($"{typeof(CallSiteTests).FullName}.{nameof(Plain)}, called by {typeof(CallSiteTests).FullName}.{nameof(CallAsync)}", site);
    }

    private static async Task<string?> OuterAsync() => await InnerAsync();

    private static async Task<string?> InnerAsync()
    {
        await Task.Yield();
        return CallSite.Capture();
    }

    private static async Task<string?> CallAsync()
    {
        await Task.Yield();
        return Plain();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string? Plain() => CallSite.Capture();
}
