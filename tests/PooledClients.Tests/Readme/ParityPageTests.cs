using System.Reflection;
using System.Text.RegularExpressions;
using Grpc.AspNetCore.ClientFactory;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;

namespace PooledClients.Tests.Readme;

/// <summary>The page on parity has a row for everything that both factories offer, and names only tests that there are.</summary>
public sealed partial class ParityPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "parity.md"));

    [Theory]
    [InlineData(typeof(GrpcClientServiceExtensions))]
    [InlineData(typeof(GrpcHttpClientBuilderExtensions))]
    [InlineData(typeof(GrpcServerHttpClientBuilderExtensions))]
    [InlineData(typeof(HttpClientBuilderExtensions))]
    [InlineData(typeof(HttpClientFactoryServiceCollectionExtensions))]
    [InlineData(typeof(SocketsHttpHandlerBuilderExtensions))]
    public void Extensions_OfTheFactories_HaveARow(Type extensions)
    {
        var names = extensions.GetMethods(BindingFlags.Public | BindingFlags.Static).Select(static method => method.Name).Distinct().ToList();

        Assert.NotEmpty(names);
        Assert.All(names, static name => Assert.Contains($"| `{name}` |", Page, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(typeof(GrpcClientFactoryOptions))]
    [InlineData(typeof(HttpClientFactoryOptions))]
    [InlineData(typeof(GrpcContextPropagationOptions))]
    public void Options_OfTheFactories_HaveARow(Type options)
        => Assert.All(options.GetProperties(), property => Assert.Contains($"| `{options.Name}.{property.Name}` |", Page, StringComparison.Ordinal));

    [Theory]
    [InlineData(typeof(GrpcClientServiceExtensions), "AddGrpcClient", 6)]
    [InlineData(typeof(GrpcHttpClientBuilderExtensions), "AddInterceptor", 6)]
    [InlineData(typeof(GrpcHttpClientBuilderExtensions), "AddCallCredentials", 3)]
    [InlineData(typeof(GrpcHttpClientBuilderExtensions), "ConfigureChannel", 2)]
    [InlineData(typeof(HttpClientFactoryServiceCollectionExtensions), "AddHttpClient", 20)]
    public void Forms_OfAnExtension_AreThereToo(Type extensions, string name, int count)
    {
        var theirs = Methods(extensions).Where(method => method.Name == name).Select(method => Ours(Show(method), isGrpc: extensions.Name.StartsWith("Grpc", StringComparison.Ordinal))).ToList();
        var ours = typeof(PooledGrpcClientOptions).Assembly.GetExportedTypes().SelectMany(Methods).Select(Show).ToHashSet();

        Assert.Equal(count, theirs.Count);
        Assert.Empty(theirs.Except(ours));
    }

    [Fact]
    public void Tests_OnThePage_AreThere()
    {
        var sources = string.Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var names = TestName().Matches(Page).Select(static match => match.Groups[1].Value).Distinct().ToList();

        Assert.True(names.Count > 10);
        Assert.All(names, name => Assert.Matches($@"public (async Task|Task|void) {name}\(", sources));
    }

    private static IEnumerable<MethodInfo> Methods(Type type) => type.GetMethods(BindingFlags.Public | BindingFlags.Static);

    private static string Show(MethodInfo method)
        => $"{method.Name}<{string.Join(", ", method.GetGenericArguments().Select(static type => type.Name))}>({string.Join(", ", method.GetParameters().Select(static parameter => parameter.ParameterType))})";

    // The same form with the names of a pooled client.
    private static string Ours(string form, bool isGrpc) => isGrpc
        ? form.Replace("AddGrpcClient", "AddPooledGrpcClient", StringComparison.Ordinal)
            .Replace(typeof(GrpcClientFactoryOptions).ToString(), typeof(PooledGrpcClientOptions).ToString(), StringComparison.Ordinal)
            .Replace(typeof(InterceptorScope).ToString(), typeof(GrpcInterceptorScope).ToString(), StringComparison.Ordinal)
            .Replace(typeof(IHttpClientBuilder).ToString(), typeof(IPooledGrpcClientBuilder).ToString(), StringComparison.Ordinal)
        : form.Replace("AddHttpClient", "AddPooledHttpClient", StringComparison.Ordinal)
            .Replace(typeof(Action<HttpClient>).ToString(), typeof(Action<PooledHttpClientOptions>).ToString(), StringComparison.Ordinal)
            .Replace(typeof(Action<IServiceProvider, HttpClient>).ToString(), typeof(Action<IServiceProvider, PooledHttpClientOptions>).ToString(), StringComparison.Ordinal);

    [GeneratedRegex(@"`([A-Z]\w+_\w+)`")]
    private static partial Regex TestName();
}
