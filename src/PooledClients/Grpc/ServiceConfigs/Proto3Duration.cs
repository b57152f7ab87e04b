using System.Globalization;

namespace PooledClients.Grpc.ServiceConfigs;

/// <summary>The JSON form of <c>google.protobuf.Duration</c>: decimal seconds with at most nine decimals, then an <c>s</c>.</summary>
internal static class Proto3Duration
{
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (text is null || !text.EndsWith('s'))
        {
            return false;
        }

        var number = text.AsSpan(0, text.Length - 1);
        var point = number.IndexOf('.');
        if (number.IsEmpty || !char.IsAsciiDigit(number[^1]) || (point >= 0 && number.Length - point - 1 > 9)
            || !decimal.TryParse(number, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            return false;
        }

        var ticks = seconds * TimeSpan.TicksPerSecond;
        if (ticks is <= long.MinValue or >= long.MaxValue)
        {
            return false;
        }

        // A deadline of less than a tick is still a deadline.
        duration = TimeSpan.FromTicks((long)decimal.Ceiling(ticks));
        return true;
    }
}
