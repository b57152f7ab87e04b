using System.Collections.Concurrent;

namespace PooledClients.Tls.Handshakes;

/// <summary>
/// How many connections in a row ended right after a handshake that showed our certificate, without a word of the application, by target.
/// One such end is any server's restart, and is left to whoever tries again; a row of them is all that TLS 1.3 shows of a refusal.
/// </summary>
internal sealed class UnansweredEnds
{
    // The runtime connects four times for one request, so no suspicion takes the place of an answer that the plain client would have got.
    private const int Row = 4;

    // A target is in it from its first such end to its next answer.
    private readonly ConcurrentDictionary<string, int> _ends = new(StringComparer.Ordinal);

    public bool MakeARow(string target) => !_ends.IsEmpty && _ends.GetValueOrDefault(target) >= Row;

    public void Add(string target) => _ends.AddOrUpdate(target, 1, static (_, ends) => ends < Row ? ends + 1 : ends);

    public void Forget(string target)
    {
        if (!_ends.IsEmpty)
        {
            _ends.TryRemove(target, out _);
        }
    }

    /// <summary>Another identity, or other authorities: what was seen before says nothing of it.</summary>
    public void ForgetAll() => _ends.Clear();
}
