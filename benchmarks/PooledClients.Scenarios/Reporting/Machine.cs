using System.Reflection;
using System.Runtime.InteropServices;

namespace PooledClients.Scenarios.Reporting;

/// <summary>What figures were measured on and with.</summary>
internal static class Machine
{
    public static string Describe(params Type[] libraries)
    {
        var versions = string.Join(", ", libraries.Select(Version));
        return $"{Environment.ProcessorCount} processors ({Processor()}), {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, "
            + $"{versions}; {DateTimeOffset.UtcNow:yyyy-MM-dd HH:mm} UTC";
    }

    private static string Version(Type type)
    {
        var assembly = type.Assembly;
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version!.ToString();
        return $"{assembly.GetName().Name} {version.Split('+')[0]}";
    }

    private static string Processor()
    {
        const string Info = "/proc/cpuinfo";
        const string Model = "model name";
        var line = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(text => text.StartsWith(Model, StringComparison.Ordinal)) : null;
        return line?.Split(':')[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
