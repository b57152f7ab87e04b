namespace PooledClients.TestBed.Http2;

/// <summary>
/// Serves with a limit of streams open at a time on each connection, refuses those above it, and counts them: what a server does
/// whose SETTINGS the client has not heard yet.
/// </summary>
internal sealed class StreamLimiter(int limit)
{
    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(2);
    private int _refused;
    private int _served;

    public int Limit { get; set; } = limit;

    public int Refused => Volatile.Read(ref _refused);

    public int Served => Volatile.Read(ref _served);

    public async Task ServeAsync(RawHttp2Connection connection)
    {
        await connection.SendSettingsAsync(Limit);
        var open = 0;
        while (true)
        {
            var request = await connection.ReceiveAsync();
            if (Interlocked.Increment(ref open) > Limit)
            {
                Interlocked.Decrement(ref open);
                Interlocked.Increment(ref _refused);
                await connection.SendResetAsync(request.StreamId, ErrorCode.RefusedStream);
                continue;
            }

            _ = AnswerAsync(request);
        }

        async Task AnswerAsync(RawRequest request)
        {
            await request.Complete;
            await Task.Delay(Work);

            // Before the answer, for the client may send the next request as soon as it has it.
            Interlocked.Decrement(ref open);
            if (!request.IsReset)
            {
                Interlocked.Increment(ref _served);
                await connection.AnswerQuietlyAsync(request.StreamId);
            }
        }
    }
}
