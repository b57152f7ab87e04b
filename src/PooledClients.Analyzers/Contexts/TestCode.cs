using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace PooledClients.Analyzers.Contexts;

/// <summary>Knows the methods that a test runner or a benchmark calls, and the classes that hold them.</summary>
internal static class TestCode
{
    private static readonly HashSet<string> Attributes = new(
    [
        "FactAttribute", "TheoryAttribute", "TestAttribute", "TestCaseAttribute", "TestCaseSourceAttribute", "TestMethodAttribute", "DataTestMethodAttribute",
        "SetUpAttribute", "OneTimeSetUpAttribute", "TearDownAttribute", "TestInitializeAttribute", "ClassInitializeAttribute", "AssemblyInitializeAttribute",
        "BenchmarkAttribute", "GlobalSetupAttribute", "PropertyAttribute",
    ]);

    /// <summary>Tells whether a member is a test or lies in a class of tests.</summary>
    public static bool Contains(ISymbol member)
    {
        if (IsTest(member))
        {
            return true;
        }

        for (var outer = member.ContainingType; outer is not null; outer = outer.ContainingType)
        {
            for (var type = outer; type is not null && type.SpecialType != SpecialType.System_Object; type = type.BaseType)
            {
                if (type.GetMembers().Any(IsTest))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool IsTest(ISymbol member)
    {
        if (member is not IMethodSymbol { MethodKind: MethodKind.Ordinary })
        {
            return false;
        }

        foreach (var attribute in member.GetAttributes())
        {
            for (var type = attribute.AttributeClass; type is not null; type = type.BaseType)
            {
                if (Attributes.Contains(type.Name))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
