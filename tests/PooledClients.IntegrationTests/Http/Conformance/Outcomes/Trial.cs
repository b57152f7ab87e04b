using System.Net;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Outcomes;

/// <summary>One run of a case over one of the two clients: what its action works with, and what it notes.</summary>
internal sealed class Trial(Side side, Subject subject, IPeer peer, Outcome outcome)
{
    public Side Side { get; } = side;

    public HttpClient Client => subject.Client;

    public IPeer Peer { get; } = peer;

    /// <summary>Gets the token of the caller; an exception says whether it is the one that it carries.</summary>
    public CancellationTokenSource Caller { get; } = new();

    public CancellationToken Token => Caller.Token;

    public void Note(string what) => outcome.Note(what);

    public void Note(string what, object? value) => outcome.Note(what, value);

    public void Note(Exception exception) => outcome.Note("thrown: " + ExceptionText.Describe(exception, Token));

    /// <summary>Ends what owns the client.</summary>
    public ValueTask DisposeClientAsync() => subject.DisposeAsync();

    /// <summary>Notes what <paramref name="action"/> throws, if it does.</summary>
    public async Task TryAsync(string what, Func<Task> action)
    {
        try
        {
            await action();
            Note($"{what}: done");
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
        {
            Note($"{what}: {ExceptionText.Describe(exception, Token)}");
        }
    }

    public void Try(string what, Action action)
    {
        try
        {
            action();
            Note($"{what}: done");
        }
        catch (Exception exception)
        {
            Note($"{what}: {ExceptionText.Describe(exception, Token)}");
        }
    }

    /// <summary>Notes status, version, headers and trailers, and not the body.</summary>
    public void NoteHead(HttpResponseMessage response)
    {
        Note($"status {(int)response.StatusCode} {response.ReasonPhrase} HTTP/{response.Version}");
        foreach (var header in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            if (header.Key is not ("Date" or "Server"))
            {
                Note($"header {header.Key}: {header.Value}");
            }
        }

        Note("content length", response.Content.Headers.ContentLength);
    }

    public void NoteTrailers(HttpResponseMessage response)
    {
        foreach (var trailer in response.TrailingHeaders.NonValidated)
        {
            Note($"trailer {trailer.Key}: {trailer.Value}");
        }
    }

    /// <summary>Notes all of a response, whose body is read as text, and disposes it.</summary>
    public async Task NoteAsync(HttpResponseMessage response)
    {
        using (response)
        {
            NoteHead(response);
            Note("body", await response.Content.ReadAsByteArrayAsync());
            NoteTrailers(response);
        }
    }

    /// <summary>Sends one request more, to tell by the server's record whether the connection is used again.</summary>
    public async Task ProbeAsync()
    {
        using var response = await Client.GetAsync(new Uri("after", UriKind.Relative));
        Note(response.StatusCode == HttpStatusCode.OK ? "then: served" : $"then: {response.StatusCode}");
    }
}
