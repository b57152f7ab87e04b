using System.Diagnostics;
using System.Text.Json;

namespace PooledClients.Benchmarks.Servers;

/// <summary>The server's process; it ends with the benchmark that started it.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    public ServerProcess()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ServerProcess).Assembly.Location);
        }

        start.ArgumentList.Add(BenchmarkServer.Argument);
        _process = Process.Start(start)!;
        Address = JsonSerializer.Deserialize<ServerAddress>(_process.StandardOutput.ReadLine()!)!;
    }

    public ServerAddress Address { get; }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
