using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Http2;

namespace PooledClients.IntegrationTests.Http.Conformance.Peers;

/// <summary>An HTTP/1.1 server that sends the bytes its script has, framed well or badly, connection by connection.</summary>
internal sealed class RawPeer : IPeer
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<RawPeerConnection, Task> _script;
    private readonly X509Certificate2? _certificate;
    private readonly ConcurrentQueue<(RawPeerConnection Connection, Task Run)> _runs = new();
    private readonly TaskCompletionSource _signalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _accepting;

    private RawPeer(Func<RawPeerConnection, Task> script, bool tls)
    {
        _script = script;
        _certificate = tls ? TestAuthority.Shared.IssueServer() : null;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"{(_certificate is null ? "http" : "https")}://localhost:{Port}/");

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Gets the moment of which the script said that the caller may go on.</summary>
    public Task Signalled => _signalled.Task;

    public void Signal() => _signalled.TrySetResult();

    /// <summary>Runs <paramref name="script"/> on each connection, as long as it has something to say.</summary>
    public static PeerFactory Runs(Func<RawPeerConnection, Task> script, bool tls = false) => _ => new(new RawPeer(script, tls));

    /// <summary>Gives these answers, in this order, whatever the requests and connections; then 200 with a body for whoever still asks.</summary>
    public static PeerFactory Answers(params Answer[] answers) => Serves(tls: false, answers);

    /// <summary>As above, over TLS.</summary>
    public static PeerFactory AnswersOverTls(params Answer[] answers) => Serves(tls: true, answers);

    public async Task<IReadOnlyList<string>> EndAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var (_, run) in _runs)
        {
            await run;
        }

        return [.. _runs.SelectMany(static run => run.Connection.Seen)];
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var (connection, _) in _runs)
        {
            connection.Dispose();
        }

        _certificate?.Dispose();
    }

    private static PeerFactory Serves(bool tls, Answer[] answers) => _ =>
    {
        var left = new ConcurrentQueue<Answer>(answers);
        return new(new RawPeer(connection => ServeAsync(connection, left), tls));
    };

    private static async Task ServeAsync(RawPeerConnection connection, ConcurrentQueue<Answer> left)
    {
        while (true)
        {
            await connection.ReceiveAsync();
            var answer = left.TryDequeue(out var next) ? next : Answer.After;
            await connection.SendAsync(answer.Text);
            switch (answer.End)
            {
                case AnswerEnd.Close:
                    connection.Close();
                    return;
                case AnswerEnd.Reset:
                    connection.Reset();
                    return;
                case AnswerEnd.Hold:
                    await connection.WaitForEndAsync();
                    return;
            }
        }
    }

    private async Task AcceptAsync()
    {
        var number = 0;
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync();
                socket.NoDelay = true;
                var connection = new RawPeerConnection(this, ++number, socket);
                _runs.Enqueue((connection, RunAsync(connection)));
            }
        }
        catch (Exception exception) when (RawHttp2Server.IsEndOfConnection(exception) || exception is InvalidOperationException)
        {
            // The listener is disposed, which ends a pending accept in the one way and the next one in the other.
        }
    }

    private async Task RunAsync(RawPeerConnection connection)
    {
        try
        {
            if (_certificate is not null)
            {
                await connection.StartTlsAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate });
            }

            await _script(connection);
            await connection.WaitForEndAsync();
        }
        catch (Exception exception) when (RawHttp2Server.IsEndOfConnection(exception))
        {
        }
        finally
        {
            connection.Dispose();
        }
    }
}
