using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Framing;

/// <summary>An answer, read both ways: by the client into memory, and by the caller from the stream.</summary>
internal static class Framed
{
    public static IEnumerable<ConformanceCase> Both(string name, Answer answer, string shows, ClientSettings settings)
    {
        yield return new ConformanceCase(name + ", buffered", RawPeer.Answers(answer), BufferedAsync, shows) { Settings = settings };
        yield return new ConformanceCase(name + ", streamed", RawPeer.Answers(answer), StreamedAsync, shows) { Settings = settings };
    }

    private static async Task BufferedAsync(Trial trial)
    {
        try
        {
            await trial.NoteAsync(await trial.Client.GetAsync("it"));
        }
        catch (Exception exception)
        {
            trial.Note(exception);
        }

        await trial.ProbeAsync();
    }

    private static async Task StreamedAsync(Trial trial)
    {
        try
        {
            using var response = await trial.Client.GetAsync("it", HttpCompletionOption.ResponseHeadersRead, trial.Token);
            trial.NoteHead(response);
            using var body = new MemoryStream();
            await using var stream = await response.Content.ReadAsStreamAsync(trial.Token);
            try
            {
                var buffer = new byte[4];
                int count;
                while ((count = await stream.ReadAsync(buffer, trial.Token)) > 0)
                {
                    body.Write(buffer, 0, count);
                }
            }
            finally
            {
                trial.Note("body", body.ToArray());
            }

            trial.NoteTrailers(response);
        }
        catch (Exception exception)
        {
            trial.Note(exception);
        }

        await trial.ProbeAsync();
    }
}
