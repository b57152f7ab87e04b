using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Processes;

return args is [ChildHost.Argument, var spec] ? await ChildHost.RunAsync(spec) : await BenchProgram.RunAsync(args);
