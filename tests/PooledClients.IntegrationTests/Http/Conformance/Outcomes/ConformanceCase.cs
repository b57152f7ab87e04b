using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Outcomes;

/// <summary>One exchange, or a few, that have to come out alike over a plain client and over a pooled one.</summary>
/// <param name="Name">What is tried.</param>
/// <param name="Peer">Makes the server's side.</param>
/// <param name="Act">What the caller does.</param>
/// <param name="Shows">A part of the plain client's outcome, without which the case would compare something else than it says.</param>
internal sealed record ConformanceCase(string Name, PeerFactory Peer, Func<Trial, Task> Act, string Shows)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(15);

    public ClientSettings Settings { get; init; } = ClientSettings.Default;

    /// <summary>Gets where the two are meant to differ, and what the pooled client's outcome has to show then.</summary>
    public (Difference Difference, string Shows)? Meant { get; init; }

    public async Task CompareAsync(KestrelServers servers)
    {
        var plain = await RunAsync(Side.Plain, servers);
        Assert.True(plain.Shows(Shows), $"Plain was to show '{Shows}':\n{plain}");
        var pooled = await RunAsync(Side.Pooled, servers);
        if (Meant is { } meant)
        {
            Assert.True(pooled.Shows(meant.Shows), $"Pooled was to show '{meant.Shows}' ({meant.Difference.Name}):\n{pooled}");
            Assert.NotEqual(plain.ToString(), pooled.ToString());
            return;
        }

        Assert.True(plain.ToString() == pooled.ToString(), $"PLAIN\n{plain}\nPOOLED\n{pooled}");
    }

    private async Task<Outcome> RunAsync(Side side, KestrelServers servers)
    {
        var outcome = new Outcome();
        await using var peer = await Peer(servers);
        await using (var subject = Subject.Create(side, Settings, peer.Address))
        {
            var trial = new Trial(side, subject, peer, outcome);
            try
            {
                await Act(trial).WaitAsync(Bound);
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
            {
                trial.Note(exception);
            }
        }

        await NoteWhatWasSeenAsync(peer, outcome);
        return outcome;
    }

    private static async Task NoteWhatWasSeenAsync(IPeer peer, Outcome outcome)
    {
        try
        {
            foreach (var line in await peer.EndAsync().WaitAsync(Bound))
            {
                outcome.Note(line);
            }
        }
        catch (TimeoutException)
        {
            outcome.Note("the server: still holds a connection of a client that is gone");
        }
    }
}
