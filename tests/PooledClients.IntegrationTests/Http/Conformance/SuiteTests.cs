using System.Reflection;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;

namespace PooledClients.IntegrationTests.Http.Conformance;

/// <summary>That the suite is what it is said to be.</summary>
public class SuiteTests
{
    [Fact]
    public void Suite_AllAxes_HasItsCases()
    {
        var cases = typeof(SuiteTests).Assembly.GetTypes()
            .SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.NonPublic))
            .Where(static field => field.FieldType == typeof(CaseSet))
            .SelectMany(static field => (CaseSet)field.GetValue(null)!);

        Assert.True(cases.Count() >= 250, $"{cases.Count()} cases.");
    }
}
