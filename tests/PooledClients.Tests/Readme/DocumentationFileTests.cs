using System.Xml.Linq;

namespace PooledClients.Tests.Readme;

/// <summary>The XML documentation in the packages, which an editor shows.</summary>
public sealed class DocumentationFileTests
{
    [Theory]
    [InlineData(typeof(PooledGrpcClientOptions))]
    [InlineData(typeof(Microsoft.Extensions.DependencyInjection.PooledClientsTestingServiceCollectionExtensions))]
    public void Documentation_OfAPackage_IsOfItsPublicTypesAlone(Type type)
    {
        var assembly = type.Assembly;
        var members = XDocument.Load(Path.Combine(AppContext.BaseDirectory, $"{assembly.GetName().Name}.xml"))
            .Descendants("member").Select(static member => member.Attribute("name")!.Value).ToHashSet();

        var documented = members.Where(static name => name.StartsWith("T:", StringComparison.Ordinal)).Select(static name => name[2..]).Order(StringComparer.Ordinal);
        var visible = assembly.GetExportedTypes().Select(static exported => exported.FullName!.Replace('+', '.')).Order(StringComparer.Ordinal);

        Assert.Equal(visible, documented);
        Assert.Contains($"T:{type.FullName}", members);
        Assert.All(members, name => Assert.Contains(documented, owner => name[2..].StartsWith(owner, StringComparison.Ordinal)));
    }

    [Fact]
    public void Documentation_OfMembers_StaysInAllItsForms()
    {
        var names = XDocument.Load(Path.Combine(AppContext.BaseDirectory, "PooledClients.xml"))
            .Descendants("member").Select(static member => member.Attribute("name")!.Value).ToHashSet();

        Assert.Contains("M:PooledClients.IPooledGrpcClientFactory`1.CreateClient(System.TimeSpan)", names);
        Assert.Contains("P:PooledClients.PooledGrpcClientOptions.WaitForReady", names);
        Assert.Contains("F:PooledClients.AdmissionMode.Adaptive", names);
        Assert.Contains(names, static name => name.StartsWith("M:Microsoft.Extensions.DependencyInjection.PooledGrpcClientInterceptorExtensions.AddInterceptor``1(", StringComparison.Ordinal));
    }
}
