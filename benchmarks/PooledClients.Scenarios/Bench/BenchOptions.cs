namespace PooledClients.Scenarios.Bench;

/// <summary>What the command line asks for.</summary>
internal sealed record BenchOptions
{
    public const string Usage = """
        dotnet run -c Release --project benchmarks/PooledClients.Scenarios -- [scenario...] [options]

          watch --serve       leave the debug page and a Prometheus scrape open under load with faults, until Ctrl-C or for --seconds
          --port N            where watch serves; 5005 by default
          --list              name the scenarios and their contenders
          --json PATH         write the rows as JSON
          --report PATH.html  write one self-contained page with the plots
          --markdown PATH.md  write the part of a results file that tells throughput, and its plot beside it
          --contender NAME    only this contender; may be given several times
          --load NAME         only this load of throughput: fast, "50 ms", mixture or large; may be given several times
          --callers N         only this many callers of throughput; may be given several times
          --seconds N         the length of the load of each contender
          --quick             shorter loads and waits, to see that it works
        """;

    /// <summary>Gets the scenarios to run, in order; none means the incident and its HTTP twin.</summary>
    public IReadOnlyList<string> Scenarios { get; private init; } = [];

    public IReadOnlyList<string> Contenders { get; private init; } = [];

    public IReadOnlyList<string> Loads { get; private init; } = [];

    public IReadOnlyList<int> Callers { get; private init; } = [];

    public string? JsonPath { get; private init; }

    public string? ReportPath { get; private init; }

    public string? MarkdownPath { get; private init; }

    public double? Seconds { get; private init; }

    public bool Quick { get; private init; }

    /// <summary>Gets whether to leave the demonstration open for somebody to look at.</summary>
    public bool Serve { get; private init; }

    public int Port { get; private init; } = 5005;

    public bool List { get; private init; }

    public bool Help { get; private init; }

    public static BenchOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new BenchOptions();
        for (var index = 0; index < arguments.Count; index++)
        {
            var argument = arguments[index];
            options = argument switch
            {
                "--serve" => options with { Serve = true },
                "--port" => options with { Port = (int)Number(Value(arguments, ++index, argument), argument) },
                "--list" => options with { List = true },
                "--quick" => options with { Quick = true },
                "--help" or "-h" => options with { Help = true },
                "--json" => options with { JsonPath = Value(arguments, ++index, argument) },
                "--report" => options with { ReportPath = Value(arguments, ++index, argument) },
                "--markdown" => options with { MarkdownPath = Value(arguments, ++index, argument) },
                "--contender" => options with { Contenders = [.. options.Contenders, Value(arguments, ++index, argument)] },
                "--load" => options with { Loads = [.. options.Loads, Value(arguments, ++index, argument)] },
                "--callers" => options with { Callers = [.. options.Callers, (int)Number(Value(arguments, ++index, argument), argument)] },
                "--seconds" => options with { Seconds = Number(Value(arguments, ++index, argument), argument) },
                _ when argument.StartsWith('-') => throw new UsageException($"There is no option '{argument}'."),
                _ => options with { Scenarios = [.. options.Scenarios, argument] },
            };
        }

        return options;
    }

    /// <summary>Tells how long something takes that is long by default and short in a quick run.</summary>
    public TimeSpan Duration(double seconds, double quickSeconds) => TimeSpan.FromSeconds(Seconds ?? (Quick ? quickSeconds : seconds));

    /// <summary>Tells a number that is smaller in a quick run.</summary>
    public int Count(int count, int quickCount) => Quick ? quickCount : count;

    private static string Value(IReadOnlyList<string> arguments, int index, string option) => index < arguments.Count ? arguments[index] : throw new UsageException($"{option} needs a value.");

    private static double Number(string text, string option)
    {
        return double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new UsageException($"{option} is '{text}', which is no positive number.");
    }
}
