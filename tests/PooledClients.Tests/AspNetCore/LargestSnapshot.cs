using PooledClients.Diagnostics;

namespace PooledClients.Tests.AspNetCore;

/// <summary>A snapshot of more than a page holds, in which each text that may come from outside is a given one.</summary>
internal static class LargestSnapshot
{
    private const int Many = 500;

    private static readonly int[] Line = [.. Enumerable.Range(0, 60).Select(static second => second * 7919 % 1000)];

    public static PooledClientsSnapshot Of(string text)
    {
        var builder = new SnapshotBuilder { Descriptors = new() { Open = 1000, Limit = 1024, Source = "statx", Reserved = 16, Connections = Many, Budget = Many } };
        for (var i = 0; i < Many; i++)
        {
            var address = $"https://{i}.{text}";
            builder.Unreachable.Add(new() { Address = address, DownSince = Snapshots.Now.AddMinutes(-4), Failures = 961, LastFailureAt = Snapshots.Now, LastError = text, NextTryAt = Snapshots.Now });
            builder.Pools.Add(new() { Address = address, Kind = "grpc", Connections = 3, Waiting = 2, Limit = 10, OldestWait = TimeSpan.FromSeconds(2.5) });
            builder.Endpoints.Add(new() { Service = $"{text}{i / 5}", EndPoint = address, State = "Ejected" });
            builder.Breakers.Add(new() { Address = address, Kind = "http", State = "Open", OpenUntil = Snapshots.Now });
            builder.OpenResponses.Add(new() { Client = text, Method = "GET", Uri = address, HeldFor = TimeSpan.FromMinutes(6), UnreadFor = TimeSpan.FromMinutes(5), Origin = text });
            builder.OpenStreams.Add(new() { Client = text, Address = address, Method = text, HeldFor = TimeSpan.FromMinutes(9), UnreadFor = TimeSpan.FromMinutes(8), Origin = text });
            builder.Certificates.Add(new() { Use = CertificateUse.Identity, Source = address, Subject = text, Thumbprint = text, NotBefore = Snapshots.Now, NotAfter = Snapshots.Now, ExpiresSoon = true, LastRefusal = text });
            builder.CertificateFiles.Add(new() { Path = address, Use = CertificateUse.Authority, Reads = 3, Refusals = 1, LastRefusal = text });
            builder.Connections.Add(new() { Id = i, TransportId = i, Kind = "grpc", Address = address, LocalEndPoint = text, RemoteEndPoint = text, Age = TimeSpan.Zero, SilentFor = TimeSpan.Zero, TlsVersion = text, TcpState = text });
            builder.Channels.Add(new() { Id = i, TransportId = i, Name = address, Address = address, State = text, Generation = 1, LastError = text, CircuitState = text, Options = Options(text) });
            builder.Methods.Add(new()
            {
                Client = text,
                Target = address,
                Method = text,
                DeadlinesByPhase = new Dictionary<string, long> { ["response"] = i },
                P99 = TimeSpan.FromSeconds(1),
                Line = Line,
                FailedLine = Line,
                LastError = text,
            });
        }

        static Dictionary<string, string> Options(string text) =>
            Enumerable.Range(10, 40).Select(static i => new KeyValuePair<string, string>($"Option{i}", $"{i}")).Append(new("Path", text)).ToDictionary();

        return builder.Build(Snapshots.Now, [.. Enumerable.Range(0, 200).Select(_ => new EventSnapshot { At = Snapshots.Now, Id = 513, Level = "Warning", Name = text, Target = text, Message = text })]);
    }
}
