using PooledClients.Connections.CallSites;

namespace PooledClients.Tests.Connections.CallSites;

public sealed class MethodNameTests
{
    [Theory]
    [InlineData("Shop.Repo", "Find", "Shop.Repo.Find", false)]
    [InlineData("Shop.Repo+<Inner>d__4", "MoveNext", "Shop.Repo.Inner", true)]
    [InlineData("Shop.Repo`1+<Inner>d__4`2", "MoveNext", "Shop.Repo.Inner", true)]
    [InlineData("Shop.Outer+Repo+<Inner>d__0", "MoveNext", "Shop.Outer.Repo.Inner", true)]
    [InlineData("Shop.Repo+<>c", "<Find>b__0_0", "Shop.Repo.Find", false)]
    [InlineData("Shop.Repo+<>c__DisplayClass3_0", "<Find>b__1", "Shop.Repo.Find", false)]
    [InlineData("Shop.Repo+<>c+<<Find>b__0_0>d", "MoveNext", "Shop.Repo.Find", true)]
    [InlineData("Shop.Repo+<<Find>g__Parse|2_0>d", "MoveNext", "Shop.Repo.Find.Parse", true)]
    [InlineData("Shop.Repo", "<Find>g__Parse|2_0", "Shop.Repo.Find.Parse", false)]
    [InlineData("Program+<<Main>$>d__0", "MoveNext", "Program.Main", true)]
    [InlineData("Program", "<Main>$", "Program.Main", false)]
    [InlineData("Shop.Enumerator", "MoveNext", "Shop.Enumerator.MoveNext", false)]
    [InlineData("", "Main", "Main", false)]
    public void Format_AsTheRuntimeNamesIt_IsAsItsAuthorWroteIt(string type, string method, string expected, bool expectedAsync)
    {
        var name = MethodName.Format(type, method, out var isAsync);

        Assert.Equal((expected, expectedAsync), (name, isAsync));
    }
}
