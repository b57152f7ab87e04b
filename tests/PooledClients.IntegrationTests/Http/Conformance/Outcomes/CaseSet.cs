using System.Collections;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Outcomes;

/// <summary>The cases of one axis, by name.</summary>
internal sealed class CaseSet : IEnumerable<ConformanceCase>
{
    private readonly Dictionary<string, ConformanceCase> _cases = new(StringComparer.Ordinal);

    /// <summary>Gets the names as a theory takes them.</summary>
    public TheoryData<string> Names => [.. _cases.Keys];

    public void Add(ConformanceCase one) => _cases.Add(one.Name, one);

    public void Add(IEnumerable<ConformanceCase> family)
    {
        foreach (var one in family)
        {
            Add(one);
        }
    }

    public Task CompareAsync(string name, KestrelServers servers) => _cases[name].CompareAsync(servers);

    public IEnumerator<ConformanceCase> GetEnumerator() => _cases.Values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
