using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using PooledClients.Scenarios.Measuring;
using PooledClients.Scenarios.Throughput;

namespace PooledClients.Scenarios.Bench;

/// <summary>What one contender did in one scenario.</summary>
internal sealed record Row
{
    public const string Survived = "survived";
    public const string Died = "died";

    public required string Scenario { get; init; }

    public required string Contender { get; init; }

    /// <summary>Gets whether the contender's process lived to the end of the load.</summary>
    public required string Outcome { get; init; }

    /// <summary>Gets what the process exited with: 134 is an abort, 137 was killed.</summary>
    public required int ExitCode { get; init; }

    public required long Calls { get; init; }

    public required long Succeeded { get; init; }

    public required long Failed { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Gets the calls that succeeded in a second.</summary>
    public required double CallsPerSecond { get; init; }

    public required double P50Ms { get; init; }

    public required double P99Ms { get; init; }

    /// <summary>Gets the most descriptors that the process was seen to hold, from outside.</summary>
    public required int PeakDescriptors { get; init; }

    public required int DescriptorLimit { get; init; }

    /// <summary>Gets the TCP connections that the server accepted.</summary>
    public required long Connections { get; init; }

    /// <summary>Gets the TLS handshakes that the server completed.</summary>
    public required long Handshakes { get; init; }

    /// <summary>Gets how often the CA file was opened, as inotify tells.</summary>
    public required long CaReads { get; init; }

    public string? FirstError { get; init; }

    /// <summary>Gets what only this scenario measures.</summary>
    public required JsonObject Extra { get; init; }

    /// <summary>Gets what was measured load by load, for the scenario that compares loads; it is in <see cref="Extra"/> too.</summary>
    [JsonIgnore]
    public IReadOnlyList<LoadOutcome> Loads { get; init; } = [];

    /// <summary>Gets the descriptors over time, for the plot.</summary>
    [JsonIgnore]
    public IReadOnlyList<DescriptorSample> Descriptors { get; init; } = [];
}
