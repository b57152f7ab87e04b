using System.Text.Json;
using PooledClients.Benchmarks;
using PooledClients.Benchmarks.FreshProcesses;
using PooledClients.Benchmarks.Servers;

return args switch
{
    [BenchmarkServer.Argument] => await BenchmarkServer.RunAsync(),
    [FreshProcess.Argument, var what, var contender, var server] => await FreshProcess.RunAsync(what, contender, JsonSerializer.Deserialize<ServerAddress>(server)!),
    _ => await BenchmarkProgram.RunAsync(args),
};
