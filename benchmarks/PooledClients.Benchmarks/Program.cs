using PooledClients.Benchmarks;
using PooledClients.Benchmarks.Servers;

return args is [BenchmarkServer.Argument] ? await BenchmarkServer.RunAsync() : await BenchmarkProgram.RunAsync(args);
