using PooledClients.Connections.Wire;

namespace PooledClients.Tests.Connections.Wire;

internal sealed class RecordingWatcher : IConnectionWatcher
{
    public List<string> Events { get; } = [];

    public PooledConnection? Wire => null;

    public void SettingsReceived() => Events.Add("SETTINGS");

    public void GoAwayReceived(int lastStreamId, int errorCode) => Events.Add($"GOAWAY {lastStreamId} {errorCode}");

    public void FirstAnswered() => Events.Add("answered");

    public void StreamsEnded() => Events.Add("ended");

    public void Ended() => Events.Add("over");
}
