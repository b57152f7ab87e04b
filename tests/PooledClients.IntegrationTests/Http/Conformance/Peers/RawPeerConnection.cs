using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;

namespace PooledClients.IntegrationTests.Http.Conformance.Peers;

/// <summary>The server's end of one connection: requests are read and written down, answers are sent as they are.</summary>
internal sealed class RawPeerConnection(RawPeer peer, int number, Socket socket) : IDisposable
{
    private readonly byte[] _buffer = new byte[16 * 1024];
    private Stream _stream = new NetworkStream(socket, ownsSocket: false);
    private int _start;
    private int _end;

    /// <summary>Gets the server that it belongs to.</summary>
    public RawPeer Peer { get; } = peer;

    /// <summary>Gets its place in the order of arrival, from 1.</summary>
    public int Number { get; } = number;

    /// <summary>Gets what has arrived, a line a request.</summary>
    public ConcurrentQueue<string> Seen { get; } = new();

    public async Task StartTlsAsync(SslServerAuthenticationOptions options)
    {
        var tls = new SslStream(_stream);
        await tls.AuthenticateAsServerAsync(options);
        _stream = tls;
    }

    /// <summary>Reads the next request, its body included.</summary>
    /// <returns>Its head, line by line.</returns>
    public async Task<IReadOnlyList<string>> ReceiveAsync()
    {
        var head = await ReceiveHeadAsync();
        await ReceiveBodyAsync(head);
        return head;
    }

    /// <summary>Reads the next request's head.</summary>
    public async Task<IReadOnlyList<string>> ReceiveHeadAsync()
    {
        var head = new List<string>();
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            head.Add(line.Replace(Port(), "PORT", StringComparison.Ordinal));
        }

        Seen.Enqueue($"connection {Number}: {string.Join(" | ", head.Where(static line => !Outcome.IsOfTracing(line)))}");
        return head;
    }

    /// <summary>Reads the body that <paramref name="head"/> announces.</summary>
    public async Task ReceiveBodyAsync(IReadOnlyList<string> head)
    {
        byte[]? body = null;
        if (head.Any(static line => line.Equals("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase)))
        {
            body = await ReadChunksAsync();
        }
        else if (head.FirstOrDefault(static line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase)) is { } length)
        {
            body = await ReadAsync(int.Parse(length.AsSpan("Content-Length: ".Length), CultureInfo.InvariantCulture));
        }

        if (body is not null)
        {
            Seen.Enqueue($"connection {Number}: body {Outcome.Text(body)}");
        }
    }

    /// <summary>Reads on, where HTTP/2's preface came for a head, until the first request's headers have come.</summary>
    public async Task ReceiveFramesAsync()
    {
        const int HeaderLength = 9;
        const byte Headers = 1;
        await ReadAsync("SM\r\n\r\n".Length);
        byte[] frame;
        do
        {
            frame = await ReadAsync(HeaderLength);
            await ReadAsync((frame[0] << 16) | (frame[1] << 8) | frame[2]);
        }
        while (frame[3] != Headers);
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes);

    /// <summary>Closes the sending half, and the rest with it once the client has closed too.</summary>
    public void Close()
    {
        if (_stream is SslStream tls)
        {
            tls.ShutdownAsync().GetAwaiter().GetResult();
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    public void Reset()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        Dispose();
    }

    /// <summary>Reads on until the client has closed.</summary>
    public async Task WaitForEndAsync()
    {
        while (await _stream.ReadAsync(_buffer) > 0)
        {
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        socket.Dispose();
    }

    private string Port() => ((System.Net.IPEndPoint)socket.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);

    private async Task<byte[]> ReadChunksAsync()
    {
        var body = new List<byte>();
        while (true)
        {
            var size = int.Parse(await ReadLineAsync(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size == 0)
            {
                while ((await ReadLineAsync()).Length > 0)
                {
                }

                return [.. body];
            }

            body.AddRange(await ReadAsync(size));
            await ReadLineAsync();
        }
    }

    private async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            var next = (char)await ReadByteAsync();
            if (next == '\n')
            {
                return line.ToString();
            }

            if (next != '\r')
            {
                line.Append(next);
            }
        }
    }

    private async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
        {
            bytes[i] = await ReadByteAsync();
        }

        return bytes;
    }

    private async ValueTask<byte> ReadByteAsync()
    {
        if (_start == _end)
        {
            _start = 0;
            _end = await _stream.ReadAsync(_buffer);
            if (_end == 0)
            {
                throw new EndOfStreamException();
            }
        }

        return _buffer[_start++];
    }
}
