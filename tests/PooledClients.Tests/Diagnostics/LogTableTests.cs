using System.Reflection;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Events;

namespace PooledClients.Tests.Diagnostics;

/// <summary>The lines of the log are what docs/diagnostics.md says that they are; an id stays what it is.</summary>
public sealed class LogTableTests
{
    [Fact]
    public void Lines_OfTheLog_AreThoseOfTheTable()
    {
        var lines = typeof(Log).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Select(static method => (Method: method, Line: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(static line => line.Line is not null)
            .Select(static line => $"| {line.Line!.EventId} | {line.Line.Level} | {line.Method.Name} | {(LogLimiter.Limited.Contains(line.Line.EventId) ? "a minute" : "")} | {line.Line.Message} |")
            .ToList();
        var table = File.ReadLines(Path.Combine(Repository.Root, "docs", "diagnostics.md"))
            .SkipWhile(static line => line != "| id | level | name | at most | message |").Skip(2).TakeWhile(static line => line.StartsWith('|')).ToList();

        Assert.NotEmpty(lines);
        Assert.Equal(lines.Order(StringComparer.Ordinal), table.Order(StringComparer.Ordinal));
        Assert.Equal(table.Count, table.Select(static line => line.Split('|')[1]).Distinct().Count());
    }
}
