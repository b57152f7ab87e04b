using System.Globalization;
using System.Runtime.CompilerServices;

namespace PooledClients.Http.Exchanges.Timing;

/// <summary>How long an exchange has spent in which phase. Phases follow each other; a late report of a phase already left is harmless.</summary>
internal struct ExchangePhases
{
    private Ticks _spent;
    private long _since;
    private ExchangePhase _current;

    public ExchangePhases(long now) => _since = now;

    public readonly ExchangePhase Current => _current;

    public void Enter(ExchangePhase phase, long now)
    {
        _spent[(int)_current] += now - _since;
        _since = now;
        _current = phase;
    }

    /// <summary>The phases that took time, in words: <c>0.005 s connecting, 2 s waiting for the headers</c>.</summary>
    public readonly string Describe(TimeProvider time, long now)
    {
        var parts = new List<string>();
        for (var phase = ExchangePhase.Waiting; phase <= ExchangePhase.ReadingBody; phase++)
        {
            var ticks = _spent[(int)phase] + (phase == _current ? now - _since : 0);
            var spent = time.GetElapsedTime(0, ticks);
            if (spent >= TimeSpan.FromMilliseconds(1) || phase == _current)
            {
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"{spent.TotalSeconds:0.###} s {Words(phase)}"));
            }
        }

        return string.Join(", ", parts);
    }

    public static string Words(ExchangePhase phase) => phase switch
    {
        ExchangePhase.Waiting => "waiting for the response",
        ExchangePhase.Connecting => "waiting for a connection",
        ExchangePhase.Sending => "sending the request or waiting for its response headers",
        ExchangePhase.WaitingForHeaders => "waiting for the response headers",
        ExchangePhase.BackingOff => "waiting to try again",
        ExchangePhase.HoldingBody => "holding the body open unread",
        _ => "reading the body",
    };

    /// <summary>The phase as a tag of a metric.</summary>
    public static string Tag(ExchangePhase phase) => phase switch
    {
        ExchangePhase.Waiting => "waiting",
        ExchangePhase.Connecting => "connect",
        ExchangePhase.Sending => "send",
        ExchangePhase.WaitingForHeaders => "headers",
        ExchangePhase.BackingOff => "backoff",
        ExchangePhase.HoldingBody => "held",
        _ => "body",
    };

    [InlineArray((int)ExchangePhase.ReadingBody + 1)]
    private struct Ticks
    {
        private long _first;
    }
}
