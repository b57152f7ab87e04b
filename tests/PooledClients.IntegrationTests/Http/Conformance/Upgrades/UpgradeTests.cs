using System.Net.WebSockets;
using System.Text;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Upgrades;

/// <summary>Connections that become something else: WebSockets over HTTP/1.1 and HTTP/2, and a protocol that was asked for.</summary>
public class UpgradeTests(KestrelServers servers)
{
    private static readonly CaseSet Cases = new()
    {
        new ConformanceCase("a WebSocket over HTTP/1.1", KestrelServers.Http1, EchoAsync, "echo: the fox"),
        new ConformanceCase("a WebSocket over HTTP/1.1 and TLS", KestrelServers.Http1Tls, EchoAsync, "echo: the fox"),
        new ConformanceCase("a WebSocket over HTTP/2", KestrelServers.Http2, EchoAsync, "echo: the fox") { Settings = ClientSettings.Http2 },
        new ConformanceCase("a WebSocket that is refused", KestrelServers.Http1, static trial => EchoAsync(trial, "status/403"), "connect: WebSocketException") { Settings = ClientSettings.Once },
        new ConformanceCase(
            "101 that was asked for",
            RawPeer.Runs(static async connection =>
            {
                await connection.ReceiveAsync();
                await connection.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello");
                await connection.Peer.Signalled;
                await connection.SendAsync("later");
            }),
            static async trial =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, "it") { Headers = { Connection = { "Upgrade" }, Upgrade = { new("echo") } } };
                using var response = await trial.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, trial.Token);
                trial.NoteHead(response);
                await using var stream = await response.Content.ReadAsStreamAsync(trial.Token);
                trial.Note("can write", stream.CanWrite);
                var five = new byte[5];
                await stream.ReadExactlyAsync(five, trial.Token);
                trial.Note("first", five);
                ((RawPeer)trial.Peer).Signal();
                await stream.ReadExactlyAsync(five, trial.Token);
                trial.Note("second", five);
            },
            "second: later"),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Upgrade_OfAConnection_WorksTheSame(string name) => Cases.CompareAsync(name, servers);

    private static Task EchoAsync(Trial trial) => EchoAsync(trial, "websocket");

    private static async Task EchoAsync(Trial trial, string path)
    {
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = trial.Client.DefaultRequestVersion;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        var address = new UriBuilder(new Uri(trial.Peer.Address, path));
        address.Scheme = address.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs;
        await trial.TryAsync("connect", () => socket.ConnectAsync(address.Uri, trial.Client, trial.Token));
        if (socket.State != WebSocketState.Open)
        {
            return;
        }

        var buffer = new byte[100];
        for (var i = 0; i < 3; i++)
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes("the fox").AsMemory(), WebSocketMessageType.Text, endOfMessage: true, trial.Token);
            var received = await socket.ReceiveAsync(buffer.AsMemory(), trial.Token);
            trial.Note("echo", Encoding.ASCII.GetString(buffer, 0, received.Count));
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", trial.Token);
        trial.Note("closed", socket.CloseStatusDescription);
    }
}
