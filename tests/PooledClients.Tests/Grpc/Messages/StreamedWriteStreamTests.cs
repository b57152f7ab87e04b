using System.Diagnostics.CodeAnalysis;
using PooledClients.Grpc.Messages;

namespace PooledClients.Tests.Grpc.Messages;

public sealed class StreamedWriteStreamTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WriteAsync_AnswerEnds_IsEndedAsTheCall()
    {
        using var content = new ByteArrayContent([]);
        using var messages = new SentMessages(content, CancellationToken.None);
        await using var stream = new StreamedWriteStream(new FullStream(), messages);
        messages.Answered();
        var writing = stream.WriteAsync(new byte[1], Token).AsTask();
        Assert.False(writing.IsCompleted);

        messages.EndAnswer();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(Token));
    }

    [Fact]
    public async Task WriteAsync_TokenOfTheWriteIsCancelled_IsEndedByIt()
    {
        using var content = new ByteArrayContent([]);
        using var messages = new SentMessages(content, CancellationToken.None);
        await using var stream = new StreamedWriteStream(new FullStream(), messages);
        using var source = new CancellationTokenSource();
        var writing = stream.WriteAsync(new byte[1], source.Token).AsTask();

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(Token));
        Assert.True(messages.Writing.IsCancellationRequested);
    }

    // What the runtime comes to where its request ends within a write, beside what an application's own stream may throw.
    [SuppressMessage("Usage", "CA2201", Justification = "It stands for the runtime's.")]
    [Theory]
    [InlineData("System.Net.Http", typeof(OperationCanceledException))]
    [InlineData("Application", typeof(NullReferenceException))]
    public async Task WriteAsync_RuntimeLosesItsRequest_IsTheEndOfTheCall(string source, Type expected)
    {
        using var content = new ByteArrayContent([]);
        using var messages = new SentMessages(content, CancellationToken.None);
        await using var stream = new StreamedWriteStream(new FullStream { Failure = new NullReferenceException { Source = source } }, messages);
        messages.Answered();
        messages.EndAnswer();

        Assert.IsType(expected, await Record.ExceptionAsync(() => stream.WriteAsync(new byte[1], Token).AsTask()));
    }

    private sealed class FullStream : MemoryStream
    {
        public Exception? Failure { get; init; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Failure is not null)
            {
                throw Failure;
            }

            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
