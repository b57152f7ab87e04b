using PooledClients.Diagnostics;

namespace PooledClients.Tests.AspNetCore;

/// <summary>Snapshots to show.</summary>
internal static class Snapshots
{
    public static readonly DateTimeOffset Now = new(2030, 1, 1, 3, 0, 0, TimeSpan.Zero);

    public static PooledClientsSnapshot Empty { get; } = new SnapshotBuilder().Build(Now, []);

    /// <summary>A process in trouble: a server is down, the budget is full, a certificate is about to expire, responses leak.</summary>
    public static PooledClientsSnapshot Trouble(int channels = 4, int connections = 12, string outside = "")
    {
        var builder = new SnapshotBuilder
        {
            Descriptors = new() { Open = 934, Limit = 1024, Source = "statx", Reserved = 16, Connections = connections, Budget = connections },
        };
        builder.DescriptorKinds.Add(new() { Kind = "socket", Open = 812, Change = 240, ChangedOver = TimeSpan.FromMinutes(5) });
        builder.DescriptorKinds.Add(new() { Kind = "file", Open = 101, Change = 0, ChangedOver = TimeSpan.FromMinutes(5) });
        builder.Unreachable.Add(new()
        {
            Address = "https://search.internal:9101",
            DownSince = Now.AddMinutes(-4),
            Failures = 961,
            LastFailureAt = Now.AddMilliseconds(-40),
            LastError = "Connection refused" + outside,
            NextTryAt = Now.AddMilliseconds(180),
        });
        builder.Pools.Add(new() { Address = "https://kv-0.internal:5001", Kind = "grpc", Connections = 3, Waiting = 2, Limit = 10, OldestWait = TimeSpan.FromSeconds(2.5) });
        for (var i = 0; i < channels; i++)
        {
            AddChannel(builder, i, outside);
        }

        for (var i = 0; i < connections; i++)
        {
            AddConnection(builder, i, channels);
        }

        builder.OpenResponses.Add(new() { Client = "uploads", Method = "GET", Uri = "https://api.internal/files/{}" + outside, HeldFor = TimeSpan.FromMinutes(6), UnreadFor = TimeSpan.FromMinutes(5), Origin = "Shop.Files.FileStore.OpenAsync" });
        builder.OpenStreams.Add(new() { Client = "kv", Address = "https://kv-0.internal:5001", Method = "rocksdb.v1.KeyValue/Scan", HeldFor = TimeSpan.FromMinutes(9), UnreadFor = TimeSpan.FromMinutes(8), Origin = "Shop.Catalog.Watcher.FollowAsync" });
        builder.Certificates.Add(new() { Use = CertificateUse.Identity, Source = "/etc/tls/client.pem", Subject = "CN=shop" + outside, Thumbprint = "AB12CD34", NotBefore = Now.AddYears(-1), NotAfter = Now.AddDays(2), ExpiresSoon = true });
        builder.CertificateFiles.Add(new() { Path = "/etc/tls/ca.pem", Use = CertificateUse.Authority, Reads = 3, Refusals = 1, LastRefusal = "its second certificate is cut off" });
        List<EventSnapshot> events = [.. Enumerable.Range(0, 200).Select(i => new EventSnapshot
        {
            At = Now.AddSeconds(-i),
            Id = i % 3 == 0 ? 513 : 516,
            Level = i % 3 == 0 ? "Warning" : "Debug",
            Name = "ConnectionClosed",
            Target = "https://kv-0.internal:5001",
            Message = $"Connection {i} to https://kv-{i % 5}.internal:5001 is closed after 300 s: subchannel shutdown.{outside}",
        })];
        return builder.Build(Now, events);
    }

    private static void AddChannel(SnapshotBuilder builder, int i, string outside)
    {
        int[] line = [.. Enumerable.Range(0, 60).Select(second => 200 + (int)(120 * Math.Sin((second + i) / 7.0)) + (second * 7 % 23))];
        builder.Channels.Add(new()
        {
            Id = 2 + (2 * i),
            TransportId = 1000 + i,
            Name = $"kv-{i}",
            Address = $"https://kv-{i}.internal:5001",
            State = i % 7 == 1 ? "TransientFailure" : "Ready",
            Generation = 1 + (i % 3),
            CallsStarted = 1_234_567 + i,
            CallsSucceeded = 1_234_000,
            CallsFailed = i % 4 == 0 ? 567 : 0,
            LastCallAt = Now.AddMilliseconds(-5),
            LastError = i % 4 == 0 ? "DeadlineExceeded: The call reached its deadline of 1 s while it waited for the response." + outside : null,
            P50 = TimeSpan.FromMilliseconds(1.2),
            P99 = TimeSpan.FromMilliseconds(9 + i),
            CallsInFlight = 14,
            CallLimit = 100,
            CircuitState = i % 9 == 2 ? "Open" : "Closed",
            CircuitOpenUntil = i % 9 == 2 ? Now.AddSeconds(1) : null,
            Options = new Dictionary<string, string> { ["Deadline"] = "00:00:30", ["Connection:ConnectTimeout"] = "00:00:05", ["Tls:CaCertificatePath"] = "/etc/tls/ca.pem" },
        });
        builder.Methods.Add(new()
        {
            Client = $"kv-{i}",
            Target = $"https://kv-{i}.internal:5001",
            Method = "rocksdb.v1.KeyValue/Get",
            Started = 1_234_567,
            Succeeded = 1_234_000,
            Failed = 567,
            FailedLately = i % 4 == 0 ? 31 : 0,
            DeadlinesByPhase = i % 4 == 0 ? new Dictionary<string, long> { ["response"] = 500 + i, ["dial"] = 67 } : new Dictionary<string, long>(),
            CallsPerSecond = 104.5 + i,
            P50 = TimeSpan.FromMilliseconds(1.2),
            P99 = TimeSpan.FromMilliseconds(9 + i),
            Line = line,
            FailedLine = i % 4 == 0 ? [.. line.Select(static (calls, second) => second > 40 ? calls / 9 : 0)] : [],
            LastError = i % 4 == 0 ? "DeadlineExceeded: The call reached its deadline of 1 s while it waited for the response." : null,
        });
    }

    private static void AddConnection(SnapshotBuilder builder, int i, int channels) => builder.Connections.Add(new()
    {
        Id = 5000 + (2 * i),
        TransportId = 1000 + (i % channels),
        Kind = "grpc",
        Address = $"https://kv-{i % channels}.internal:5001",
        LocalEndPoint = $"10.0.0.7:{40000 + i}",
        RemoteEndPoint = $"10.0.{i % 200}.9:5001",
        Age = TimeSpan.FromSeconds(61 + i),
        SilentFor = TimeSpan.FromMilliseconds(12),
        Generation = 2,
        TlsVersion = "Tls13",
        CipherSuite = "TLS_AES_256_GCM_SHA384",
        TlsResumed = i % 2 == 0,
        Streams = 7,
        StreamsStarted = 12345,
        StreamLimit = 100,
        TcpState = i % 50 == 3 ? "CLOSE_WAIT" : "ESTABLISHED",
        UnreadBytes = i % 20 == 0 ? 4096 : 0,
        UnsentBytes = 0,
        RoundTripTime = TimeSpan.FromMicroseconds(480 + i),
        Retransmits = i % 10 == 0 ? 3 : 0,
        BytesReceived = 123_456_789,
        BytesSent = 23_456_789,
    });
}
