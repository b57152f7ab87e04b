using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections;
using PooledClients.Http;
using PooledClients.Http.Exchanges;
using PooledClients.Http.Routes;

namespace PooledClients.Tests.Http;

public sealed class RouteTests
{
    private readonly HttpClientState _client = HttpPipeline.CreateState();

    [Theory]
    [InlineData("/", "/")]
    [InlineData("", "/")]
    [InlineData("/users", "/users")]
    [InlineData("/users/", "/users")]
    [InlineData("/users/42", "/users/{}")]
    [InlineData("/users/42/orders/a1b2", "/users/{}/orders/{}")]
    [InlineData("/v1/users", "/{}/users")]
    [InlineData("/files/averyveryverylongnameofafilewithoutadigit", "/files/{}")]
    [InlineData("/files/thirtytwocharactersarestillaname", "/files/thirtytwocharactersarestillaname")]
    public void Write_Path_HidesWhatLooksLikeAValue(string path, string expected)
    {
        Span<char> buffer = stackalloc char[128];

        Assert.Equal(expected, buffer[..RouteTemplate.Write(path, buffer)].ToString());
    }

    [Fact]
    public void Write_PathTooLong_IsCut()
    {
        Span<char> buffer = stackalloc char[8];

        Assert.Equal("/abc", buffer[..RouteTemplate.Write("/abc/defgh", buffer)].ToString());
    }

    [Theory]
    [InlineData("https://api.internal/users/42?token=s3cret", "GET api.internal:443/users/{}")]
    [InlineData("http://api.internal:8080/", "GET api.internal:8080/")]
    public void Get_Request_NamesMethodAuthorityAndTemplate(string uri, string expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);

        Assert.Equal(expected, _client.Routes.Get(request).ToString());
    }

    [Fact]
    public void Get_RequestWithATemplate_HasIt()
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "https://api.internal/users/42");
        request.Options.Set(PooledHttpRequestOptions.Route, "users/{id}");

        var route = _client.Routes.Get(request);

        Assert.Equal(("PUT api.internal:443/users/{id}", "PUT", "api.internal:443/users/{id}"), (route.ToString(), route.Method, route.Path));
    }

    [Fact]
    public void Get_MoreThanAThousandRoutes_SharesOneForTheRest()
    {
        HttpRoute? last = null;
        for (var i = 0; i < HttpRouteTable.MostRoutes + 10; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"https://api.internal/{Letters(i)}");
            last = _client.Routes.Get(request);
        }

        Assert.Equal("other", last!.ToString());
        using var known = new HttpRequestMessage(HttpMethod.Get, $"https://api.internal/{Letters(0)}");
        Assert.NotSame(last, _client.Routes.Get(known));
    }

    [Fact]
    public void Get_ExchangeWaitsForAConnection_KeepsItsRoute()
    {
        var time = new FakeTimeProvider();
        using var sweep = new IdleSweep(time);
        var routes = new HttpRouteTable(sweep);
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://api.internal/users");
        var route = routes.Get(request);
        var waiting = new HttpExchange(_client, route, Timeout.InfiniteTimeSpan, callSite: null);

        Sweep();
        Assert.Same(route, routes.Get(request));

        waiting.TryComplete();
        Sweep();
        Assert.NotSame(route, routes.Get(request));

        // The first look finds it used.
        void Sweep()
        {
            time.Advance(TimeSpan.FromSeconds(1));
            time.Advance(TimeSpan.FromSeconds(1));
            time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void Get_AddressesAlikeAskedInTurn_EachHasItsOwn()
    {
        string[] addresses =
        [
            "https://api.internal/users", "https://api.internal:444/users", "https://app.internal/users", "https://api.internal/users?a=1", "https://api.internal/orders", "https://api.internal/",
        ];
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var round = 0; round < 50; round++)
        {
            foreach (var address in addresses)
            {
                foreach (var method in new[] { HttpMethod.Get, HttpMethod.Put })
                {
                    using var request = new HttpRequestMessage(method, address);
                    var route = _client.Routes.Get(request);
                    names.Add(route.ToString());
                    var uri = new Uri(address);
                    Assert.Equal($"{method} {uri.Host}:{uri.Port}{uri.AbsolutePath}", route.ToString());
                }
            }
        }

        Assert.Equal(10, names.Count);
    }

    [Fact]
    public void Get_TableIsFullOfRoutesThatLeaked_HasANameOfItsOwnBySoon()
    {
        var time = new FakeTimeProvider();
        using var sweep = new IdleSweep(time);
        var routes = new HttpRouteTable(sweep);
        for (var i = 0; i < HttpRouteTable.MostRoutes + 100; i++)
        {
            Get($"https://api.internal/{Letters(i)}").MarkLeaked();
        }

        time.Advance(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("GET api.internal:443/new", Get("https://api.internal/new").ToString());

        HttpRoute Get(string address)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            return routes.Get(request);
        }
    }

    [Fact]
    public void MarkLeaked_NothingLeaksForTenMinutes_IsForgotten()
    {
        var time = new FakeTimeProvider();
        using var sweep = new IdleSweep(time);
        var routes = new HttpRouteTable(sweep);
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://api.internal/users");
        var route = routes.Get(request);
        route.MarkLeaked();

        Advance(seconds: 590);
        Assert.Same(route, routes.Get(request));
        Assert.True(route.HasLeaked);

        Advance(seconds: 20);
        Assert.False(route.HasLeaked);
        Assert.NotSame(route, routes.Get(request));

        void Advance(int seconds)
        {
            for (var i = 0; i < seconds; i++)
            {
                time.Advance(TimeSpan.FromSeconds(1));
            }
        }
    }

    [Fact]
    public void Get_PastTheThousandth_TellsNothingOfOneHost()
    {
        for (var i = 0; i < HttpRouteTable.MostRoutes; i++)
        {
            using var known = new HttpRequestMessage(HttpMethod.Get, $"https://{Letters(i)}.internal/");
            Assert.False(_client.Routes.Get(known).Authority.IsShared);
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, "https://api.internal/users");

        Assert.True(_client.Routes.Get(request).Authority.IsShared);
    }

    [Fact]
    public void Get_KnownRoute_AllocatesNothing()
    {
        // The first ones make the route and what the runtime makes once.
        AllocatedByRouteOf("https://api.internal/users/41");
        AllocatedByRouteOf("https://api.internal/users/42");

        Assert.Equal(0, AllocatedByRouteOf("https://api.internal/users/43"));
    }

    private long AllocatedByRouteOf(string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        // As the transport and the exchange have to.
        _ = request.RequestUri!.IdnHost + request.RequestUri.PathAndQuery;
        _ = request.Options;
        var before = GC.GetAllocatedBytesForCurrentThread();
        _client.Routes.Get(request);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static string Letters(int number) => string.Concat(number.ToString("D4", null).Select(static digit => (char)('a' + digit - '0')));
}
