using PooledClients.Http.Routes;

namespace PooledClients.Tests.Http.Leaks;

/// <summary>When a collection is worth asking for, by what one authority's calls tell.</summary>
public sealed class HttpAuthorityTests
{
    private const int Connections = 2;

    private readonly HttpAuthority _authority = new("api.test");

    [Fact]
    public void IsShortOf_AsManyResponsesOpenAsConnections_IsSoWhileMoreCallsAreMade()
    {
        Open();
        Open();
        Assert.Null(_authority.IsShortOf(Connections));

        _authority.Begin();
        Assert.True(_authority.IsShortOf(Connections));
    }

    [Fact]
    public void IsShortOf_ResponsesLeakedWhileFewWait_IsSoForSomeLooksMore()
    {
        _authority.Begin();
        _authority.Leaked();

        Assert.All(Enumerable.Range(0, 3), _ => Assert.True(_authority.IsShortOf(Connections)));
        Assert.Null(_authority.IsShortOf(Connections));
    }

    [Fact]
    public void IsShortOf_ResponsesLeakedAndNobodyWaits_IsNot()
    {
        _authority.Leaked();

        Assert.Null(_authority.IsShortOf(Connections));
    }

    private void Open()
    {
        _authority.Begin();
        _authority.Opened();
    }
}
