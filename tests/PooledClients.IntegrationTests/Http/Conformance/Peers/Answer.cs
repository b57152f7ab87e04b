namespace PooledClients.IntegrationTests.Http.Conformance.Peers;

/// <summary>The bytes of an answer, and what becomes of the connection.</summary>
internal sealed record Answer(string Text, AnswerEnd End = AnswerEnd.Keep)
{
    /// <summary>Gets the answer to requests that only tell which connection they come over.</summary>
    public static Answer After { get; } = Ok("after");

    public static implicit operator Answer(string text) => new(text);

    public static Answer FromString(string text) => new(text);

    /// <summary>200 with a body of known length.</summary>
    public static Answer Ok(string body, string headers = "") => $"HTTP/1.1 200 OK\r\n{headers}Content-Length: {body.Length}\r\n\r\n{body}";

    /// <summary>Any status, without a body.</summary>
    public static Answer Status(string status, string headers = "") => $"HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n";

    /// <summary>200 in chunks.</summary>
    public static Answer Chunked(params string[] chunks)
        => $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{string.Concat(chunks.Select(static chunk => $"{chunk.Length:x}\r\n{chunk}\r\n"))}0\r\n\r\n";

    public Answer ThenClose() => this with { End = AnswerEnd.Close };

    public Answer ThenReset() => this with { End = AnswerEnd.Reset };

    public Answer ThenHold() => this with { End = AnswerEnd.Hold };
}
