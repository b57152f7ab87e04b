using Files.V1;
using Grpc.Core;
using PooledClients.Scenarios.Contenders;

namespace PooledClients.Scenarios.Servers;

/// <summary>Takes a file in chunks, stores it, then tells the HTTP API about it, in the way of one contender.</summary>
internal sealed class UploadsService(UploadsClients clients, ServerState state) : Uploads.UploadsBase
{
    public override async Task<UploadResponse> Upload(IAsyncStreamReader<UploadRequest> requestStream, ServerCallContext context)
    {
        var response = new UploadResponse();
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            response.Name = request.Name.Length > 0 ? request.Name : response.Name;
            response.Size += request.Chunk.Length;
        }

        state.Store();
        var contender = await clients.GetAsync();
        response.ApiStatus = await contender.TellAsync(new UploadedFile(response.Name, response.Size), context.CancellationToken);
        return response;
    }
}
