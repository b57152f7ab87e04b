using System.Globalization;
using PooledClients.Http.Exchanges.Timing;

namespace PooledClients.Http.Exchanges;

/// <summary>What the caller is told of an exchange that was ended.</summary>
internal static class ExchangeErrors
{
    /// <summary>The error for whoever waited; <see langword="null"/> when it was not the exchange that ended the wait.</summary>
    public static Exception? Of(HttpExchange exchange, Exception? cause) => exchange.End switch
    {
        ExchangeEnd.DeadlinePassed when cause?.InnerException is ConnectionBudgetException budget
            => TimedOut(exchange, $"passed its deadline of {Seconds(exchange.Deadline)} while it waited for room within the budget: {budget.Message.TrimEnd('.')}", budget),
        ExchangeEnd.DeadlinePassed => TimedOut(exchange, $"passed its deadline of {Seconds(exchange.Deadline)} while {ExchangePhases.Words(exchange.EndedIn)}", cause),
        ExchangeEnd.ReadTimedOut when exchange.EndedIn == ExchangePhase.HoldingBody => TimedOut(exchange, $"was not read for {Seconds(exchange.Idle)}", cause),
        ExchangeEnd.ReadTimedOut => TimedOut(exchange, $"got no byte of the body for {Seconds(exchange.Idle)}", cause),
        ExchangeEnd.HeldTooLong => new IOException(
            $"{Name(exchange)} was aborted: its body was left open and unread for {Seconds(exchange.Owner.Options.ResponseHeldTimeout ?? default)}. Read or dispose responses promptly.",
            cause),
        _ => null,
    };

    /// <summary>As <see cref="Of"/>, for who reads the body: it also ends with the work that it was asked for by, however the transport tells that.</summary>
    public static Exception? OfRead(HttpExchange exchange, Exception? cause) => exchange.End == ExchangeEnd.Cancelled && cause is not OperationCanceledException
        ? new OperationCanceledException($"{Name(exchange)} was cancelled with the work that it was made for.", cause, exchange.Token)
        : Of(exchange, cause);

    /// <summary>For a read after the exchange's end that would have lasted longer than the exchange might.</summary>
    public static Exception NoEnd(HttpExchange exchange, Exception? cause) => TimedOut(exchange, "has brought the length that was announced, but not its end, within its time", cause);

    /// <summary>What the caller is told in place of a cancellation that has the exchange's token, and what it would be told without an exchange.</summary>
    public static OperationCanceledException Cancelled(OperationCanceledException? cause, CancellationToken token) => cause switch
    {
        null => new TaskCanceledException(null, null, token),
        TaskCanceledException => new TaskCanceledException(cause.Message, cause.InnerException, token),
        _ => new OperationCanceledException(cause.Message, cause.InnerException, token),
    };

    private static string Name(HttpExchange exchange) => $"The exchange {exchange.Route} of the HTTP client '{exchange.Owner.DisplayName}'";

    // HttpClient's own timeout has the same shape, so callers that know the one handle the other.
    private static TaskCanceledException TimedOut(HttpExchange exchange, string what, Exception? cause)
    {
        var message = $"{Name(exchange)} {what} ({exchange.Describe()}).";
        return new TaskCanceledException(message, new TimeoutException(message, cause), exchange.Token);
    }

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");
}
