using Microsoft.Extensions.Logging;

namespace PooledClients.Http;

/// <summary>
/// Stands where one of the factory's logging handlers stood, and passes it by while nobody wants its lines, or those within its scope: it would
/// make a text of the address and a scope for each request that nobody sees.
/// </summary>
internal sealed class LoggingBypassHandler(DelegatingHandler logging, params ILogger[] loggers) : DelegatingHandler
{
    private readonly Lock _lock = new();
    private volatile HttpMessageInvoker? _logging;

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        => IsOn() ? (_logging ?? Take()).Send(request, cancellationToken) : base.Send(request, cancellationToken);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => IsOn() ? (_logging ?? Take()).SendAsync(request, cancellationToken) : base.SendAsync(request, cancellationToken);

    private bool IsOn()
    {
        foreach (var logger in loggers)
        {
            if (logger.IsEnabled(LogLevel.Information))
            {
                return true;
            }
        }

        return false;
    }

    // It and this handler lead to the same one, which this handler disposes.
    private HttpMessageInvoker Take()
    {
        lock (_lock)
        {
            if (_logging is null)
            {
                logging.InnerHandler = InnerHandler!;
                _logging = new HttpMessageInvoker(logging, disposeHandler: false);
            }

            return _logging;
        }
    }
}
