using PooledClients.Scenarios.Measuring;
using PooledClients.Scenarios.Processes;

namespace PooledClients.Scenarios.Bench;

/// <summary>The process of one contender: it makes the calls of a scenario and streams what it counts.</summary>
internal static class LoadRole
{
    public const string Name = "load";
    public const string Go = "go";
    public const string Mark = "mark";

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(100);

    public static async Task RunAsync(LoadSettings settings, ChildLink link)
    {
        var scenario = ScenarioCatalog.Find(settings.Scenario);
        ErrorText.Preload();
        link.Send(ChildLink.Ready, Native.DescriptorLimit());
        await link.Commands.ReadAsync();
        link.Reply();

        var context = new LoadContext(settings);
        var progress = new Thread(() => Stream(context, link)) { IsBackground = true, Name = "progress" };
        progress.Start();
        var commands = ObeyAsync(context, link);
        var extra = await scenario.LoadAsync(context);
        link.Send(ChildLink.Done, new LoadResult(context.Meter.Read(), extra));
        await commands;
    }

    private static void Stream(LoadContext context, ChildLink link)
    {
        while (true)
        {
            link.Send(ChildLink.Progress, context.Meter.Read());
            Thread.Sleep(ProgressInterval);
        }
    }

    private static async Task ObeyAsync(LoadContext context, ChildLink link)
    {
        await foreach (var command in link.Commands.ReadAllAsync())
        {
            if (command.Name == Mark)
            {
                var mark = command.Read<LoadMark>();
                context.Mark(mark.Name, mark.Moment);
                link.Reply();
            }
            else
            {
                link.Reply(await context.HandleAsync(command));
            }
        }
    }
}
