namespace PooledClients.Diagnostics.Instruments;

/// <summary>The unary calls to an address as of now; a limit of <see cref="int.MaxValue"/> is none.</summary>
internal readonly record struct CallReading(string Address, int InFlight, int Waiting, int Limit);
