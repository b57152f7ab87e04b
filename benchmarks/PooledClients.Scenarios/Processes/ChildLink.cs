using System.Text.Json;
using System.Threading.Channels;

namespace PooledClients.Scenarios.Processes;

/// <summary>
/// The child's end of the pipes, opened at its start, since a process at its limit of descriptors can open nothing. Commands are read
/// by a thread of its own; when they end, so does the process.
/// </summary>
internal sealed class ChildLink
{
    public const string Ready = "ready";
    public const string Answer = "answer";
    public const string Progress = "progress";
    public const string Done = "done";

    private const int KillSignal = 9;
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(8);

    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly Channel<ChildCommand> _commands = Channel.CreateUnbounded<ChildCommand>();

    public ChildLink()
    {
        var input = new StreamReader(Console.OpenStandardInput());
        new Thread(() => Read(input)) { IsBackground = true, Name = "commands" }.Start();
    }

    /// <summary>Gets the commands of the bench, in order.</summary>
    public ChannelReader<ChildCommand> Commands => _commands.Reader;

    public void Send<T>(string type, T body)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(new { type, body }), (byte)'\n'];
        lock (_output)
        {
            _output.Write(line);
            _output.Flush();
        }
    }

    public void Reply() => Send(Answer, new { });

    public void Reply<T>(T body) => Send(Answer, body);

    private void Read(StreamReader input)
    {
        while (input.ReadLine() is { } line)
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            _commands.Writer.TryWrite(new ChildCommand(line[..space], JsonDocument.Parse(line[(space + 1)..]).RootElement));
        }

        _commands.Writer.TryComplete();
        Thread.Sleep(EndTimeout);
        _ = Native.Kill(Environment.ProcessId, KillSignal);
    }
}
