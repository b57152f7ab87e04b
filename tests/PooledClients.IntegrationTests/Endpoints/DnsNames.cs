using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using PooledClients.Connections.Dialing;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>Looks names up at a DNS server of the test's, for the system's own cannot be pointed at a port.</summary>
internal sealed class DnsNames(IPEndPoint server) : NameLookup
{
    private const int RecordBytes = 16;

    public override async Task<IPAddress[]> GetAddressesAsync(string host, CancellationToken cancellationToken)
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        List<byte> question = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        foreach (var label in host.Split('.'))
        {
            question.Add((byte)label.Length);
            question.AddRange(Encoding.ASCII.GetBytes(label));
        }

        question.AddRange([0, 0, 1, 0, 1]);
        await socket.SendAsync(question.ToArray(), server, cancellationToken);
        var answer = (await socket.ReceiveAsync(cancellationToken)).Buffer;
        var count = BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(6));
        return (answer[3] & 0xF) != 0
            ? throw new SocketException((int)SocketError.TryAgain)
            : [.. Enumerable.Range(0, count).Select(index => new IPAddress(answer.AsSpan(question.Count + ((index + 1) * RecordBytes) - 4, 4)))];
    }
}
