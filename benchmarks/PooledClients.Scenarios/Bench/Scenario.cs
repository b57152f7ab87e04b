using PooledClients.Scenarios.Contenders;

namespace PooledClients.Scenarios.Bench;

/// <summary>
/// One situation into which every contender is put. A scenario has two halves: <see cref="MeasureAsync"/> runs in the bench, sets up
/// servers and faults and reads what was counted; <see cref="LoadAsync"/> runs in the contender's child process and makes the calls.
/// </summary>
internal abstract class Scenario(string name, string description)
{
    public string Name { get; } = name;

    /// <summary>Gets what happens, for the reader of the table.</summary>
    public string Description { get; } = description;

    public abstract IReadOnlyList<Contender> Contenders { get; }

    /// <summary>Tells about how long one contender takes, for the progress bar.</summary>
    public abstract TimeSpan Expected(BenchOptions options);

    public abstract Task<Row> MeasureAsync(Stage stage);

    /// <summary>Makes the calls; what it returns goes into the row's <see cref="Row.Extra"/>.</summary>
    public abstract Task<object?> LoadAsync(LoadContext load);
}
