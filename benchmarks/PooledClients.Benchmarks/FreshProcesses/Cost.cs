namespace PooledClients.Benchmarks.FreshProcesses;

/// <summary>What one contender's work costs beside another's: the median of the ratios turn by turn, and bytes for one piece of it.</summary>
internal sealed record Cost(double Ratio, double AddedBytes)
{
    public static Cost Of(IReadOnlyList<Turn[]> turns, int without, int with, int piecesATurn)
    {
        return new Cost(
            turns.Select(turn => turn[with].Time / turn[without].Time).Median(),
            turns.Select(turn => (double)(turn[with].Bytes - turn[without].Bytes) / piecesATurn).Median());
    }
}
