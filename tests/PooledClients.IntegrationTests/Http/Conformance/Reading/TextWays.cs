#pragma warning disable CA1835, CA2022 // The overloads are what is tried, and reads give what they give.
using System.IO.Pipelines;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;

namespace PooledClients.IntegrationTests.Http.Conformance.Reading;

/// <summary>The ways to read text.</summary>
internal static class TextWays
{
    public static IReadOnlyList<ReadWay> All { get; } =
    [
        new("GetStringAsync", async (trial, path) => trial.Note("body", await trial.Client.GetStringAsync(path))),
        new("GetStringAsync with a token", async (trial, path) => trial.Note("body", await trial.Client.GetStringAsync(path, trial.Token))),
        new("GetByteArrayAsync", async (trial, path) => trial.Note("body", await trial.Client.GetByteArrayAsync(path))),
        new("GetByteArrayAsync with a token", async (trial, path) => trial.Note("body", await trial.Client.GetByteArrayAsync(path, trial.Token))),
        new("GetStreamAsync with a token", async (trial, path) =>
        {
            await using var stream = await trial.Client.GetStreamAsync(path, trial.Token);
            using var reader = new StreamReader(stream);
            trial.Note("body", await reader.ReadToEndAsync(trial.Token));
        }),
        new("GetAsync, content read twice", async (trial, path) =>
        {
            using var response = await trial.Client.GetAsync(path, trial.Token);
            trial.Note("body", await response.Content.ReadAsStringAsync(trial.Token));
            trial.Note("again", await response.Content.ReadAsByteArrayAsync(trial.Token));
            trial.Note("position", (await response.Content.ReadAsStreamAsync(trial.Token)).Position);
        }),
        ReadWay.OfContent("ReadAsStringAsync", async (trial, content) => trial.Note("body", await content.ReadAsStringAsync())),
        ReadWay.OfContent("ReadAsByteArrayAsync with a token", async (trial, content) => trial.Note("body", await content.ReadAsByteArrayAsync(trial.Token))),
        ReadWay.OfContent("LoadIntoBufferAsync, then twice", async (trial, content) =>
        {
            await content.LoadIntoBufferAsync(trial.Token);
            trial.Note("body", await content.ReadAsStringAsync());
            trial.Note("again", await content.ReadAsByteArrayAsync());
        }),
        ReadWay.OfContent("content CopyToAsync with a token", async (trial, content) =>
        {
            using var body = new MemoryStream();
            await content.CopyToAsync(body, trial.Token);
            trial.Note("body", body.ToArray());
        }),
        ReadWay.OfContent("content CopyTo", (trial, content) =>
        {
            using var body = new MemoryStream();
            content.CopyTo(body, context: null, trial.Token);
            trial.Note("body", body.ToArray());
            return Task.CompletedTask;
        }),
        ReadWay.OfContent("ReadAsStream, synchronous", (trial, content) =>
        {
            using var stream = content.ReadAsStream(trial.Token);
            using var reader = new StreamReader(stream);
            trial.Note("body", reader.ReadToEnd());
            return Task.CompletedTask;
        }),
        ReadWay.OfContent("ReadAsStreamAsync twice gives one stream", async (trial, content) =>
        {
            var one = await content.ReadAsStreamAsync(trial.Token);
            var two = await content.ReadAsStreamAsync(trial.Token);
            trial.Note("one", ReferenceEquals(one, two));
            using var reader = new StreamReader(two);
            trial.Note("body", await reader.ReadToEndAsync(trial.Token));
        }),
        ReadWay.OfStream("ReadByte", (_, stream, body) =>
        {
            int value;
            while ((value = stream.ReadByte()) >= 0)
            {
                body.WriteByte((byte)value);
            }

            return Task.CompletedTask;
        }),
        ReadWay.OfStream("Read of an array", (_, stream, body) =>
        {
            var buffer = new byte[7];
            int count;
            while ((count = stream.Read(buffer, 1, 5)) > 0)
            {
                body.Write(buffer, 1, count);
            }

            return Task.CompletedTask;
        }),
        ReadWay.OfStream("Read of a span", (_, stream, body) =>
        {
            Span<byte> buffer = stackalloc byte[5];
            int count;
            while ((count = stream.Read(buffer)) > 0)
            {
                body.Write(buffer[..count]);
            }

            return Task.CompletedTask;
        }),
        ReadWay.OfStream("ReadAsync of an array", async (trial, stream, body) =>
        {
            var buffer = new byte[7];
            int count;
            while ((count = await stream.ReadAsync(buffer, 1, 5, trial.Token)) > 0)
            {
                body.Write(buffer, 1, count);
            }
        }),
        ReadWay.OfStream("ReadAsync without a token", async (_, stream, body) =>
        {
            var buffer = new byte[5];
            int count;
            while ((count = await stream.ReadAsync(buffer)) > 0)
            {
                body.Write(buffer, 0, count);
            }
        }),
        ReadWay.OfStream("ReadAsync with a token a read", async (_, stream, body) =>
        {
            var buffer = new byte[5];
            int count;
            do
            {
                using var source = new CancellationTokenSource();
                count = await stream.ReadAsync(buffer, source.Token);
                body.Write(buffer, 0, count);
            }
            while (count > 0);
        }),
        ReadWay.OfStream("BeginRead and EndRead", async (_, stream, body) =>
        {
            var buffer = new byte[5];
            int count;
            while ((count = await Task.Factory.FromAsync(stream.BeginRead, stream.EndRead, buffer, 0, buffer.Length, null)) > 0)
            {
                body.Write(buffer, 0, count);
            }
        }),
        ReadWay.OfStream("ReadAtLeastAsync with a token", async (trial, stream, body) =>
        {
            var buffer = new byte[100];
            var count = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, trial.Token);
            body.Write(buffer, 0, count);
        }),
        ReadWay.OfStream("CopyTo", (_, stream, body) =>
        {
            stream.CopyTo(body);
            return Task.CompletedTask;
        }),
        ReadWay.OfStream("CopyToAsync with a token", (trial, stream, body) => stream.CopyToAsync(body, trial.Token)),
        ReadWay.OfStream("CopyToAsync after some bytes", async (trial, stream, body) =>
        {
            var buffer = new byte[3];
            await stream.ReadExactlyAsync(buffer, trial.Token);
            body.Write(buffer);
            await stream.CopyToAsync(body, bufferSize: 2, trial.Token);
        }),
        ReadWay.OfStream("PipeReader", async (trial, stream, body) =>
        {
            var reader = PipeReader.Create(stream);
            while (true)
            {
                var result = await reader.ReadAsync(trial.Token);
                foreach (var segment in result.Buffer)
                {
                    body.Write(segment.Span);
                }

                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }

            await reader.CompleteAsync();
        }),
        ReadWay.OfStream("PipeReader CopyToAsync", async (trial, stream, body) =>
        {
            var reader = PipeReader.Create(stream);
            await reader.CopyToAsync(body, trial.Token);
            await reader.CompleteAsync();
        }),
        ReadWay.OfStream("StreamReader ReadLineAsync with a token", async (trial, stream) =>
        {
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync(trial.Token) is { } line)
            {
                trial.Note("line", line);
            }
        }),
        ReadWay.OfStream("read beyond the end, three times", async (trial, stream, body) =>
        {
            await stream.CopyToAsync(body, trial.Token);
            trial.Note("more", await stream.ReadAsync(new byte[1], trial.Token));
            trial.Note("more", stream.Read(new byte[1]));
            trial.Note("more", stream.ReadByte());
        }),
        ReadWay.OfStream("reads of no bytes between", async (trial, stream, body) =>
        {
            trial.Note("none", await stream.ReadAsync(Memory<byte>.Empty, trial.Token));
            await stream.CopyToAsync(body, trial.Token);
            trial.Note("none", await stream.ReadAsync(Memory<byte>.Empty, trial.Token));
        }),
    ];
}
