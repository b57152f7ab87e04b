using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using PooledClients.Benchmarks.Servers;

namespace PooledClients.Benchmarks.FreshProcesses;

/// <summary>Measures in a process of its own, which has compiled and opened nothing yet, and answers on its standard output.</summary>
internal static class FreshProcess
{
    public const string Argument = "fresh";

    public static async Task<T> MeasureAsync<T>(string what, string contender, ServerAddress server)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(FreshProcess).Assembly.Location);
        }

        foreach (var argument in new[] { Argument, what, contender, JsonSerializer.Serialize(server) })
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var answer = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? JsonSerializer.Deserialize<T>(answer)! : throw new InvalidOperationException($"{what} of {contender} ended with {process.ExitCode}.");
    }

    public static async Task<int> RunAsync(string what, string contender, ServerAddress server)
    {
        var answer = what switch
        {
            FirstCall.Name => JsonSerializer.Serialize(await FirstCall.MeasureAsync(contender, server)),
            IdleChannels.Name => JsonSerializer.Serialize(await IdleChannels.MeasureAsync(contender, server)),
            UnaryCalls.Name => JsonSerializer.Serialize(await UnaryCalls.MeasureAsync(int.Parse(contender, CultureInfo.InvariantCulture), server)),
            ListenedCalls.Name => JsonSerializer.Serialize(await ListenedCalls.MeasureAsync(int.Parse(contender, CultureInfo.InvariantCulture), server)),
            TrackedRequests.Name => JsonSerializer.Serialize(await TrackedRequests.MeasureAsync(server)),
            _ => throw new ArgumentException($"There is no measurement '{what}'.", nameof(what)),
        };
        Console.Write(answer);
        return 0;
    }
}
