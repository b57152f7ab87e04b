using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace PooledClients.Scenarios.Processes;

/// <summary>
/// A process of this same program in another role. It is spoken to in lines: commands down its input, answers and progress up its
/// output. It ends when its input does, so that none outlives the bench, whatever ends the bench.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int MaxLastWords = 4000;
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(10);
    private static readonly ConcurrentDictionary<int, Process> Running = new();

    private readonly Process _process;
    private readonly ConcurrentQueue<TaskCompletionSource<JsonElement>> _questions = new();
    private readonly TaskCompletionSource<JsonElement> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<JsonElement> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder _lastWords = new();
    private readonly Task _reader;
    private ChildExitedException? _gone;

    private ChildProcess(Process process)
    {
        _process = process;
        Id = process.Id;
        Running[Id] = process;
        process.ErrorDataReceived += (_, line) => Remember(line.Data);
        process.BeginErrorReadLine();
        _reader = Task.Run(ReadAsync);
    }

    public int Id { get; }

    /// <summary>Gets the last progress that the process told.</summary>
    public JsonElement? Progress { get; private set; }

    /// <summary>Gets what the process said when it had done its work; fails when it exited before.</summary>
    public Task<JsonElement> Done => _done.Task;

    public bool HasExited => _process.HasExited;

    /// <summary>Gets the code the process exited with: 128 and the signal's number when a signal ended it.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Gets the beginning of what the process wrote to its standard error.</summary>
    public string LastWords
    {
        get
        {
            lock (_lastWords)
            {
                return _lastWords.ToString().Trim();
            }
        }
    }

    /// <summary>Starts a process and waits until it is ready to take commands.</summary>
    public static async Task<(ChildProcess Child, JsonElement Ready)> StartAsync(ChildSpec spec, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        }

        start.ArgumentList.Add(ChildHost.Argument);
        start.ArgumentList.Add(JsonSerializer.Serialize(spec));
        foreach ((var name, var value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var child = new ChildProcess(Process.Start(start)!);
        try
        {
            return (child, await child._ready.Task.WaitAsync(StartTimeout));
        }
        catch
        {
            await child.DisposeAsync();
            throw;
        }
    }

    /// <summary>Kills every process that still runs, when the bench itself is told to end.</summary>
    public static void KillAll()
    {
        foreach (var process in Running.Values)
        {
            Kill(process);
        }
    }

    public Task<JsonElement> AskAsync(string command) => AskAsync(command, new { });

    /// <summary>Sends a command and waits for its answer.</summary>
    public async Task<JsonElement> AskAsync<T>(string command, T argument)
    {
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_questions)
        {
            if (_gone is not null)
            {
                throw _gone;
            }

            _questions.Enqueue(answer);
            Write($"{command} {JsonSerializer.Serialize(argument)}");
        }

        return await answer.Task;
    }

    /// <summary>Ends the process at once, as a crash does.</summary>
    public async Task KillAsync()
    {
        Kill(_process);
        await _process.WaitForExitAsync();
    }

    /// <summary>Waits for the process to exit by itself once its input is closed; kills it if it does not.</summary>
    public async Task<bool> EndAsync()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has gone already.
        }

        try
        {
            await _process.WaitForExitAsync().WaitAsync(ExitTimeout);
            return true;
        }
        catch (TimeoutException)
        {
            await KillAsync();
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Running.ContainsKey(Id))
        {
            await EndAsync();
            Running.TryRemove(Id, out _);
            await _reader;
            _process.Dispose();
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has gone already.
        }
    }

    private void Write(string line)
    {
        try
        {
            _process.StandardInput.WriteLine(line);
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It has gone: the end of its output fails the question.
        }
    }

    private void Remember(string? line)
    {
        lock (_lastWords)
        {
            if (line is not null && _lastWords.Length < MaxLastWords)
            {
                _lastWords.AppendLine(line);
            }
        }
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith('{'))
            {
                continue;
            }

            var message = JsonDocument.Parse(line).RootElement;
            var body = message.GetProperty("body");
            switch (message.GetProperty("type").GetString())
            {
                case ChildLink.Ready:
                    _ready.TrySetResult(body);
                    break;
                case ChildLink.Answer when _questions.TryDequeue(out var question):
                    question.TrySetResult(body);
                    break;
                case ChildLink.Progress:
                    Progress = body;
                    break;
                case ChildLink.Done:
                    _done.TrySetResult(body);
                    break;
            }
        }

        await _process.WaitForExitAsync();
        lock (_questions)
        {
            _gone = new ChildExitedException(_process.ExitCode, LastWords);
        }

        _ready.TrySetException(_gone);
        _done.TrySetException(_gone);
        _ = _done.Task.Exception;
        while (_questions.TryDequeue(out var question))
        {
            question.TrySetException(_gone);
        }
    }
}
