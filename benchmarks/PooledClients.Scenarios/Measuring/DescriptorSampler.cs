using System.Diagnostics;
using PooledClients.Scenarios.Processes;

namespace PooledClients.Scenarios.Measuring;

/// <summary>Counts the descriptors of another process from outside, every 10 ms, on a thread of its own.</summary>
internal sealed class DescriptorSampler : IDisposable
{
    private const int KeepEvery = 5;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly List<DescriptorSample> _samples = [];
    private readonly string _folder;
    private readonly Thread _thread;
    private readonly long _started = Stopwatch.GetTimestamp();
    private volatile bool _stopped;

    public DescriptorSampler(int processId)
    {
        _folder = $"/proc/{processId}/fd";
        _thread = new Thread(Run) { IsBackground = true, Name = "descriptors" };
        _thread.Start();
    }

    public int Peak { get; private set; }

    /// <summary>Gets what was counted, once the sampler is disposed.</summary>
    public IReadOnlyList<DescriptorSample> Samples => _samples;

    public void Dispose()
    {
        _stopped = true;
        _thread.Join();
    }

    private void Run()
    {
        var highest = 0;
        for (var round = 1; !_stopped; round++)
        {
            var open = Count();
            Peak = Math.Max(Peak, open);
            highest = Math.Max(highest, open);
            if (round % KeepEvery == 0)
            {
                _samples.Add(new DescriptorSample(Stopwatch.GetElapsedTime(_started).TotalSeconds, highest));
                highest = 0;
            }

            Thread.Sleep(Interval);
        }
    }

    private int Count()
    {
        try
        {
            var open = Native.CountDescriptors(_folder);
            return open > 0 ? open : Directory.EnumerateFileSystemEntries(_folder).Count();
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
