namespace PooledClients.Connections.Dialing;

/// <summary>A connect did not end in time; the message says in which phase it was.</summary>
internal sealed class ConnectTimeoutException(string address, TimeSpan timeout, string phase)
    : IOException($"The connect to {address} did not end within {timeout.TotalSeconds:0.###} s (ConnectTimeout): it was in {phase}.");
