namespace PooledClients.Grpc.Admission;

/// <summary>Between what the limit moves, and by which steps.</summary>
/// <param name="Start">The limit that a load finds, and the least there is.</param>
/// <param name="Ceiling">The most that the address can carry.</param>
internal readonly record struct AdmissionBounds(int Start, int Ceiling)
{
    public int Clamp(int limit) => Math.Clamp(limit, Start, Ceiling);

    public int Higher(int limit) => (int)Math.Min(Ceiling, limit * 2L);

    public int Lower(int limit) => Math.Max(Start, (int)(limit * 0.7));
}
