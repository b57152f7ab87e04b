using System.Net;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using PooledClients.AspNetCore.Channelz.V1;

namespace PooledClients.AspNetCore.Channelz;

/// <summary>A snapshot in the words of channelz.</summary>
internal static class ChannelzMessages
{
    public const string Kind = "grpc";

    private const string UnixScheme = "unix:";

    // RFC 9113, section 7, by number.
    private static readonly string[] GoAwayCodes =
    [
        "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM",
        "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
    ];

    public static long ConnectionOfSocket(long socket) => socket - 1;

    public static V1.Channel Channel(ChannelSnapshot channel, PooledClientsSnapshot snapshot)
    {
        var message = new V1.Channel
        {
            Ref = new ChannelRef { ChannelId = channel.Id, Name = channel.Name },
            Data = new ChannelData
            {
                State = State(channel.State),
                Target = channel.Address,
                CallsStarted = channel.CallsStarted,
                CallsSucceeded = channel.CallsSucceeded,
                CallsFailed = channel.CallsFailed,
                LastCallStartedTimestamp = channel.LastCallAt is { } last ? Timestamp.FromDateTimeOffset(last) : null,
                Trace = Trace(channel, snapshot),
            },
        };
        message.SubchannelRef.AddRange(snapshot.Connections
            .Where(connection => connection.Kind == Kind && connection.TransportId == channel.TransportId)
            .OrderBy(static connection => connection.Id).Select(Ref));
        return message;
    }

    public static Subchannel Subchannel(ConnectionSnapshot connection)
    {
        var message = new Subchannel
        {
            Ref = Ref(connection),
            Data = new ChannelData
            {
                State = new ChannelConnectivityState { State = ChannelConnectivityState.Types.State.Ready },
                Target = connection.Address,
                CallsStarted = connection.StreamsStarted ?? 0,
                MaxConnectionsPerSubchannel = 1,
            },
        };
        message.SocketRef.Add(SocketRef(connection));
        return message;
    }

    public static Socket Socket(ConnectionSnapshot connection)
    {
        var data = new SocketData
        {
            StreamsStarted = connection.StreamsStarted ?? 0,
            ReceivedGoawayError = connection.GoAwayCode is { } code && System.Array.IndexOf(GoAwayCodes, code) is >= 0 and var number ? (uint)number : null,
            PeerMaxConcurrentStreams = (uint)(connection.StreamLimit ?? 0),
        };
        Add(data, "TCP_INFO.state", connection.TcpState);
        Add(data, "TCP_INFO.rtt_us", connection.RoundTripTime is { } rtt ? Page.Show.Text($"{rtt.TotalMicroseconds:0}") : null);
        Add(data, "TCP_INFO.total_retrans", Page.Show.Count(connection.Retransmits));
        Add(data, "TCP_INFO.notsent_bytes", Page.Show.Count(connection.UnsentBytes));
        Add(data, "TCP_INFO.bytes_received", Page.Show.Count(connection.BytesReceived));
        Add(data, "TCP_INFO.bytes_sent", Page.Show.Count(connection.BytesSent));
        return new Socket
        {
            Ref = SocketRef(connection),
            Data = data,
            Local = Address(connection.LocalEndPoint),
            Remote = Address(connection.RemoteEndPoint ?? connection.Address),
            RemoteName = connection.Address,
            Security = connection.CipherSuite is { } cipher ? new Security { Tls = new Security.Types.Tls { StandardName = cipher } } : null,
        };
    }

    private static SubchannelRef Ref(ConnectionSnapshot connection) => new() { SubchannelId = connection.Id, Name = connection.RemoteEndPoint ?? connection.Address };

    private static SocketRef SocketRef(ConnectionSnapshot connection) => new() { SocketId = connection.Id + 1, Name = connection.RemoteEndPoint ?? connection.Address };

    private static ChannelConnectivityState State(string state) => new()
    {
        State = System.Enum.TryParse<ChannelConnectivityState.Types.State>(state, out var known) ? known : ChannelConnectivityState.Types.State.Unknown,
    };

    private static ChannelTrace Trace(ChannelSnapshot channel, PooledClientsSnapshot snapshot)
    {
        var trace = new ChannelTrace();
        trace.Events.AddRange(snapshot.Events.Where(happened => happened.Target == channel.Address || happened.Target == channel.Name).Take(30).Reverse().Select(static happened =>
            new ChannelTraceEvent
            {
                Description = happened.Message,
                Severity = happened.Level switch
                {
                    "Error" or "Critical" => ChannelTraceEvent.Types.Severity.CtError,
                    "Warning" => ChannelTraceEvent.Types.Severity.CtWarning,
                    _ => ChannelTraceEvent.Types.Severity.CtInfo,
                },
                Timestamp = Timestamp.FromDateTimeOffset(happened.At),
            }));
        trace.NumEventsLogged = trace.Events.Count;
        return trace;
    }

    private static void Add(SocketData data, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            data.Option.Add(new SocketOption { Name = name, Value = value });
        }
    }

    private static Address? Address(string? endPoint)
    {
        if (endPoint is null)
        {
            return null;
        }

        if (IPEndPoint.TryParse(endPoint, out var ip))
        {
            var address = ip.Address.IsIPv4MappedToIPv6 ? ip.Address.MapToIPv4() : ip.Address;
            return new Address { TcpipAddress = new Address.Types.TcpIpAddress { IpAddress = ByteString.CopyFrom(address.GetAddressBytes()), Port = ip.Port } };
        }

        return endPoint.StartsWith(UnixScheme, StringComparison.Ordinal) || endPoint.StartsWith('/')
            ? new Address { UdsAddress = new Address.Types.UdsAddress { Filename = endPoint.StartsWith('/') ? endPoint : endPoint[UnixScheme.Length..] } }
            : new Address { OtherAddress = new Address.Types.OtherAddress { Name = endPoint } };
    }
}
