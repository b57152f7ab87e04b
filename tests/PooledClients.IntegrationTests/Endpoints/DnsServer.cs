using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>Answers every question for A records, on a loopback port, with what the test says: addresses, none, or a failure.</summary>
internal sealed class DnsServer : IDisposable
{
    private const int HeaderBytes = 12;
    private const ushort Response = 0x8180;
    private const ushort ServerFailure = 2;

    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private volatile IPAddress[]? _addresses = [];
    private int _asked;

    public DnsServer() => _ = AnswerAsync();

    public IPEndPoint EndPoint => (IPEndPoint)_socket.Client.LocalEndPoint!;

    public int Asked => Volatile.Read(ref _asked);

    /// <summary>What it answers from now on; <see langword="null"/> that it fails.</summary>
    public void Set(params IPAddress[]? addresses) => _addresses = addresses;

    public void Dispose() => _socket.Dispose();

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                var question = await _socket.ReceiveAsync();
                Interlocked.Increment(ref _asked);
                await _socket.SendAsync(Answer(question.Buffer, _addresses), question.RemoteEndPoint);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
        }
    }

    // RFC 1035, section 4: the question again, then a record for each address, whose name points at the question's.
    private static byte[] Answer(byte[] question, IPAddress[]? addresses)
    {
        var end = HeaderBytes;
        while (question[end] != 0)
        {
            end += question[end] + 1;
        }

        var answer = new List<byte>(question[..(end + 5)]);
        foreach (var address in addresses ?? [])
        {
            answer.AddRange([0xC0, HeaderBytes, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, .. address.GetAddressBytes()]);
        }

        var bytes = answer.ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)(Response | (addresses is null ? ServerFailure : 0)));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(6), (ushort)(addresses?.Length ?? 0));
        bytes.AsSpan(8, 4).Clear();
        return bytes;
    }
}
