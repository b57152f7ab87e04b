using PooledClients.IntegrationTests.Http.Conformance.Outcomes;

namespace PooledClients.IntegrationTests.Http.Conformance.Reading;

/// <summary>A way to come by the bytes of a body.</summary>
internal sealed record ReadWay(string Name, Func<Trial, string, Task> Act)
{
    /// <summary>A way that begins with a response whose body is still open.</summary>
    public static ReadWay OfContent(string name, Func<Trial, HttpContent, Task> read) => new(name, async (trial, path) =>
    {
        using var response = await trial.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, trial.Token);
        trial.NoteHead(response);
        await read(trial, response.Content);
        trial.NoteTrailers(response);
    });

    /// <summary>A way that begins with the stream of such a response.</summary>
    public static ReadWay OfStream(string name, Func<Trial, Stream, Task> read) => OfContent(name, async (trial, content) =>
    {
        await using var stream = await content.ReadAsStreamAsync(trial.Token);
        await read(trial, stream);
    });

    /// <summary>A way to read a stream that gives all the bytes.</summary>
    public static ReadWay OfStream(string name, Func<Trial, Stream, MemoryStream, Task> read) => OfStream(name, async (trial, stream) =>
    {
        using var body = new MemoryStream();
        await read(trial, stream, body);
        trial.Note("body", body.ToArray());
    });
}
