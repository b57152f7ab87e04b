namespace PooledClients.Http.Retries;

/// <summary>How one attempt of a request ended: by a response, or by a failure.</summary>
internal readonly record struct HttpAttempt(HttpResponseMessage? Response, Exception? Failure);
