using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using PooledClients.Http;

namespace PooledClients.Tests.Http;

/// <summary>Typed clients have their type's name, as with <c>AddHttpClient</c>: what would give two types one name is refused.</summary>
public sealed class TypedHttpClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_TwoTypesOfOneName_FailsAsThePlainRegistrationDoes()
    {
        Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddHttpClient<Orders.IClient, Orders.Client>().Services.AddHttpClient<Users.IClient, Users.Client>());

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(services =>
        {
            services.AddPooledHttpClient<Orders.IClient, Orders.Client>();
            services.AddPooledHttpClient<Users.IClient, Users.Client>();
        }));

        Assert.Contains("share the name 'IClient'", Assert.Single(failure.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_OfATypeWithANameOfItsOwn_HasItsOwnAddress()
    {
        using var host = await StartAsync(services =>
        {
            services.AddPooledHttpClient<Orders.IClient, Orders.Client>(static options => options.BaseAddress = new Uri("https://orders/"));
            services.AddPooledHttpClient<Users.IClient, Users.Client>("users", static options => options.BaseAddress = new Uri("https://users/"));
        });

        Assert.Equal("https://orders/", host.Services.GetRequiredService<Orders.IClient>().Address);
        Assert.Equal("https://users/", host.Services.GetRequiredService<Users.IClient>().Address);
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Client_OfAGenericType_IsNamedWithItsArguments()
    {
        using var host = await StartAsync(services =>
        {
            services.AddPooledHttpClient<Api<int>>(static options => options.BaseAddress = new Uri("https://numbers/"));
            services.AddPooledHttpClient<Api<string>>(static options => options.BaseAddress = new Uri("https://words/"));
        });

        Assert.Equal("https://numbers/", host.Services.GetRequiredService<Api<int>>().Address);
        Assert.Equal("https://words/", host.Services.GetRequiredService<Api<string>>().Address);
        using var named = host.Services.GetRequiredService<IHttpClientFactory>().CreateClient(NameOf<Api<int>>());
        Assert.Equal("https://numbers/", named.BaseAddress?.ToString());
        await host.StopAsync(Token);
    }

    [Fact]
    public void NameOf_TypesOfEachKind_IsTheFrameworks()
    {
        Assert.Equal(NameOf<Orders.Client>(), TypedHttpClient.NameOf(typeof(Orders.Client)));
        Assert.Equal(NameOf<Api<bool[]>>(), TypedHttpClient.NameOf(typeof(Api<bool[]>)));
        Assert.Equal(NameOf<Api<Uri>>(), TypedHttpClient.NameOf(typeof(Api<Uri>)));
        Assert.Equal(NameOf<Pair<string, Api<int>>>(), TypedHttpClient.NameOf(typeof(Pair<string, Api<int>>)));
    }

    // What the framework itself calls such a client.
    private static string NameOf<T>()
        where T : class => new ServiceCollection().AddHttpClient<T>().Name;

    private static async Task<IHost> StartAsync(Action<IServiceCollection> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        configure(builder.Services);
        var host = builder.Build();
        try
        {
            await host.StartAsync(Token);
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    private static class Orders
    {
        public interface IClient
        {
            string? Address { get; }
        }

        public sealed class Client(HttpClient http) : IClient
        {
            public string? Address => http.BaseAddress?.ToString();
        }
    }

    private static class Users
    {
        public interface IClient
        {
            string? Address { get; }
        }

        public sealed class Client(HttpClient http) : IClient
        {
            public string? Address => http.BaseAddress?.ToString();
        }
    }

    private sealed class Pair<TOne, TOther>(HttpClient http)
    {
        public (Uri? Address, Type One, Type Other) Is => (http.BaseAddress, typeof(TOne), typeof(TOther));
    }

    private sealed class Api<T>(HttpClient http)
    {
        public string? Address => http.BaseAddress?.ToString();

        public static Type Of => typeof(T);
    }
}
