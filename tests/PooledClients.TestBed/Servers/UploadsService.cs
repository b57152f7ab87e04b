using System.Net.Http.Json;
using Files.V1;
using Grpc.Core;

namespace PooledClients.TestBed.Servers;

/// <summary>
/// The uploads service: counts the bytes of a file, then tells the HTTP API about it through the client named
/// <see cref="ApiClient"/>, which a test registers in the server's own container.
/// </summary>
internal sealed class UploadsService(ServiceBehavior behavior, IHttpClientFactory clients) : Uploads.UploadsBase
{
    public const string ApiClient = "api";
    public const string ApiPath = "api/files";

    public override async Task<UploadResponse> Upload(IAsyncStreamReader<UploadRequest> requestStream, ServerCallContext context)
    {
        await behavior.EnterAsync(context);
        var upload = new UploadResponse();
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            upload.Name = request.Name.Length > 0 ? request.Name : upload.Name;
            upload.Size += request.Chunk.Length;
        }

        using var client = clients.CreateClient(ApiClient);
        using var response = await client.PostAsJsonAsync(ApiPath, new UploadedFile(upload.Name, upload.Size), context.CancellationToken);
        upload.ApiStatus = (int)response.StatusCode;
        return upload;
    }
}
