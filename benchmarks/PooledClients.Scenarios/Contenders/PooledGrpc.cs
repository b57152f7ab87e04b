using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using RocksDb.V1;

namespace PooledClients.Scenarios.Contenders;

/// <summary>This library's gRPC clients.</summary>
internal sealed class PooledGrpc() : GrpcContender("pooled", "this library: AddPooledGrpcClient, each stub resolved once and reused")
{
    public override GrpcClients Build(GrpcClientSettings settings) => throw new NotSupportedException("The library has no gRPC client yet.");
}
