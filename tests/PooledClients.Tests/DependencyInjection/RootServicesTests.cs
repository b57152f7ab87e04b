using Microsoft.Extensions.DependencyInjection;
using PooledClients.Scopes;

namespace PooledClients.Tests.DependencyInjection;

/// <summary>However deep a scoped service is needed, and whatever way it is asked for, with scope validation off.</summary>
public sealed class RootServicesTests
{
    public static TheoryData<string, Action<IServiceCollection>, Func<IServiceProvider, object?>> Holes => new()
    {
        { "two constructors", static services => services.AddTransient<TwoConstructors>(), static provider => provider.GetService<TwoConstructors>() },
        { "its key", static services => services.AddKeyedTransient<Keyed>("key"), static provider => provider.GetRequiredKeyedService<Keyed>("key") },
        { "all transients", static services => services.AddTransient<INeedy, Needy>().AddTransient<INeedy, Harmless>(), static provider => provider.GetServices<INeedy>().ToList() },
        { "all transients, by factory", static services => services.AddTransient<INeedy>(static own => new Needy(own.GetRequiredService<Scoped>())).AddTransient<INeedy, Harmless>(), static provider => provider.GetServices<INeedy>().ToList() },
        { "all of a parameter", static services => services.AddTransient<INeedy, Needy>().AddTransient<NeedsAll>(), static provider => provider.GetService<NeedsAll>() },
        { "a singleton", static services => services.AddSingleton<Needy>(), static provider => provider.GetService<Needy>() },
        { "a singleton's transient", static services => services.AddSingleton<NeedsNeedy>().AddTransient<Needy>(), static provider => provider.GetService<NeedsNeedy>() },
        { "an open type", static services => services.AddTransient(typeof(Open<>)), static provider => provider.GetService<Open<int>>() },
        { "an open type's own services", static services => services.AddTransient(typeof(Lazy<>), typeof(LazyService<>)), static provider => provider.GetRequiredService<Lazy<Scoped>>().Value },
        { "an open type's argument", static services => services.AddTransient(typeof(Accessor<>)), static provider => provider.GetService<Accessor<Scoped>>() },
        { "an open type's factory", static services => services.AddTransient(typeof(Through<>)).AddTransient(static own => new Source(own.GetRequiredService<Scoped>())), static provider => provider.GetService<Through<int>>() },
        { "a keyed open type", static services => services.AddKeyedTransient(typeof(Accessor<>), "key"), static provider => provider.GetKeyedService<Accessor<Scoped>>("key") },
        { "all of an open type", static services => services.AddTransient(typeof(Through<>)).AddTransient(static own => new Source(own.GetRequiredService<Scoped>())), static provider => provider.GetServices<Through<int>>().ToList() },
        { "all of an open type and a closed one", static services => services.AddTransient(typeof(Through<>)).AddSingleton(new Through<int>(new Source(null))).AddTransient(static own => new Source(own.GetRequiredService<Scoped>())), static provider => provider.GetServices<Through<int>>().ToList() },
        { "an open type behind a transient", static services => services.AddTransient(typeof(Lazy<>), typeof(LazyService<>)).AddTransient<NeedsLazy>(), static provider => provider.GetRequiredService<NeedsLazy>().Lazy.Value },
        { "an open singleton's argument", static services => services.AddSingleton(typeof(Accessor<>)), static provider => provider.GetService<Accessor<Scoped>>() },
        { "an open singleton", static services => services.AddSingleton(typeof(Open<>)), static provider => provider.GetService<Open<int>>() },
        { "a keyed parameter", static services => services.AddKeyedScoped<Other>("key").AddTransient<NeedsKeyed>(), static provider => provider.GetService<NeedsKeyed>() },
        { "an inherited key", static services => services.AddKeyedScoped<Other>("key").AddKeyedTransient<Inherits>("key"), static provider => provider.GetKeyedService<Inherits>("key") },
        { "any key", static services => services.AddKeyedScoped<Other>(KeyedService.AnyKey), static provider => provider.GetKeyedService<Other>("some") },
    };

    [Theory]
    [MemberData(nameof(Holes))]
    public void GetService_ScopedServiceIsNeeded_IsRefused(string hole, Action<IServiceCollection> add, Func<IServiceProvider, object?> get)
    {
        var failure = Assert.Throws<InvalidOperationException>(() => Ask(add, get));

        Assert.True(failure.Message.StartsWith("refused ", StringComparison.Ordinal), $"{hole}: {failure.Message}");
    }

    [Fact]
    public void GetService_ConstructorThatTheContainerPasses_IsNotLookedAt()
    {
        // The container takes the longest whose parameters it has, and it has no Missing.
        var made = (Passes)Ask(static services => services.AddTransient<Passes>().AddTransient<Harmless>(), static provider => provider.GetService<Passes>())!;

        Assert.NotNull(made.Harmless);
    }

    [Fact]
    public void GetService_MixedEnumeration_IsTheContainersInItsOrder()
    {
        using var provider = new ServiceCollection().AddSingleton<INeedy, Harmless>().AddTransient<INeedy>(static _ => new Own()).AddSingleton<INeedy>(new Other()).BuildServiceProvider();
        using var root = new RootServices(static _ => "refused", provider, new ServiceRegistrations(new ServiceCollection().AddSingleton<INeedy, Harmless>().AddTransient<INeedy>(static _ => new Own()).AddSingleton<INeedy>(new Other())));

        Assert.Equal([typeof(Harmless), typeof(Own), typeof(Other)], root.GetServices<INeedy>().Select(static service => service.GetType()));
        Assert.Same(provider.GetServices<INeedy>().First(), root.GetServices<INeedy>().First());
    }

    [Fact]
    public void GetServices_OpenAndClosedTypes_AreTheContainersInItsOrder()
    {
        var services = new ServiceCollection().AddTransient(typeof(INumbered<>), typeof(First<>)).AddSingleton<INumbered<string>, Second>().AddTransient(typeof(INumbered<>), typeof(OfValues<>)).AddTransient<INumbered<string>>(static _ => new Second());
        using var provider = services.BuildServiceProvider();
        using var root = new RootServices(static _ => "refused", provider, new ServiceRegistrations(services));

        Assert.Equal(Types(provider.GetServices<INumbered<string>>()), Types(root.GetServices<INumbered<string>>()));
        Assert.Equal(Types(provider.GetServices<INumbered<int>>()), Types(root.GetServices<INumbered<int>>()));
        Assert.Equal(provider.GetService<INumbered<int>>()!.GetType(), root.GetService<INumbered<int>>()!.GetType());
        Assert.Equal(typeof(Second), root.GetService<INumbered<string>>()!.GetType());

        static IEnumerable<Type> Types<T>(IEnumerable<T> made) => made.Select(static service => service!.GetType());
    }

    [Fact]
    public async Task UseOnceAsync_TransientsThatAreDisposable_EndWithItNewestFirst()
    {
        var ended = new List<string>();
        var services = new ServiceCollection().AddSingleton(ended).AddTransient<Ends>().AddTransient<EndsLater>();
        await using var provider = services.BuildServiceProvider();
        using var root = new RootServices(static _ => "refused", provider, new ServiceRegistrations(services));

        await root.UseOnceAsync(static once =>
        {
            once.GetRequiredService<EndsLater>();
            return Task.CompletedTask;
        });

        Assert.Equal([nameof(EndsLater), nameof(Ends)], ended);
    }

    [Fact]
    public void GetService_DefaultsAndKeys_AreAsTheContainerGivesThem()
    {
        var made = (Defaults)Ask(static services => services.AddKeyedTransient<Defaults>("key"), static provider => provider.GetRequiredKeyedService<Defaults>("key"))!;

        Assert.Equal(("key", 7, null), (made.Key, made.Number, made.Missing));
    }

    [Fact]
    public void GetService_CircleOfTransients_EndsInAnException()
        => Assert.Throws<InsufficientExecutionStackException>(() => Ask(static services => services.AddTransient<Circle>().AddTransient<CircleToo>(), static provider => provider.GetService<Circle>()));

    private static object? Ask(Action<IServiceCollection> add, Func<IServiceProvider, object?> get)
    {
        var services = new ServiceCollection().AddScoped<Scoped>();
        add(services);
        using var provider = services.BuildServiceProvider(validateScopes: false);
        using var root = new RootServices(static scoped => $"refused {scoped.Name}", provider, new ServiceRegistrations(services));
        return get(root);
    }

    private interface INeedy;

    private sealed class Scoped;

    private sealed class Missing;

    private sealed class Other : INeedy;

    private sealed class Own : INeedy;

    private sealed class Harmless : INeedy;

    private sealed class Needy(Scoped scoped) : INeedy
    {
        public Scoped Scoped => scoped;
    }

    private sealed record NeedsNeedy(Needy Needy);

    private sealed record NeedsAll(IEnumerable<INeedy> All);

    private sealed class Open<T>(Scoped scoped)
    {
        public (T?, Scoped) Value => (default, scoped);
    }

    private sealed class TwoConstructors
    {
        public TwoConstructors()
        {
        }

        public TwoConstructors(Scoped scoped) => Scoped = scoped;

        public Scoped? Scoped { get; }
    }

    private sealed class Keyed([ServiceKey] string key, Scoped scoped)
    {
        public (string, Scoped) Value => (key, scoped);
    }

    private sealed class NeedsKeyed([FromKeyedServices("key")] Other other)
    {
        public Other Other => other;
    }

    private sealed class Inherits([FromKeyedServices] Other other)
    {
        public Other Other => other;
    }

    private sealed class Passes
    {
        public Passes(Harmless harmless) => Harmless = harmless;

        public Passes(Scoped scoped, Missing missing) => throw new InvalidOperationException($"{scoped} {missing}");

        public Harmless Harmless { get; }
    }

    private sealed class Defaults([ServiceKey] string key, int number = 7, Missing? missing = null)
    {
        public string Key => key;

        public int Number => number;

        public Missing? Missing => missing;
    }

    private sealed record Circle(CircleToo Other);

    private sealed record CircleToo(Circle Other);

    private interface INumbered<T>;

    private sealed class First<T> : INumbered<T>;

    private sealed class OfValues<T> : INumbered<T>
        where T : struct;

    private sealed class Second : INumbered<string>;

    private sealed class LazyService<T>(IServiceProvider provider) : Lazy<T>(() => provider.GetRequiredService<T>())
        where T : notnull;

    private sealed record Accessor<T>(T Value);

    private sealed record Source(Scoped? Scoped);

    private sealed class Through<T>(Source source)
    {
        public (T?, Source) Value => (default, source);
    }

    private sealed record NeedsLazy(Lazy<Scoped> Lazy);

    private sealed class Ends(List<string> ended) : IDisposable
    {
        public void Dispose() => ended.Add(nameof(Ends));
    }

    private sealed class EndsLater(Ends ends, List<string> ended) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            Assert.NotNull(ends);
            ended.Add(nameof(EndsLater));
            return ValueTask.CompletedTask;
        }
    }
}
