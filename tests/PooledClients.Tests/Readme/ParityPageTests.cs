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

    [Fact]
    public void Tests_OnThePage_AreThere()
    {
        var sources = string.Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var names = TestName().Matches(Page).Select(static match => match.Groups[1].Value).Distinct().ToList();

        Assert.True(names.Count > 10);
        Assert.All(names, name => Assert.Matches($@"public (async Task|Task|void) {name}\(", sources));
    }

    [GeneratedRegex(@"`([A-Z]\w+_\w+)`")]
    private static partial Regex TestName();
}
