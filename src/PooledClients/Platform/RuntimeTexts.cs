using System.Collections.Frozen;

namespace PooledClients.Platform;

/// <summary>
/// The texts of the runtime that <see cref="RuntimeContracts"/> goes by. Each is known by its resource key too, which is all that is left of it under
/// <c>System.Resources.UseSystemResourceKeys</c>.
/// </summary>
internal static class RuntimeTexts
{
    /// <summary>
    /// How System.Net.Http's texts begin in .NET 10, by their resource keys, where nothing but the text tells. Those that are asked for are
    /// named by the members that ask.
    /// </summary>
    public static readonly FrozenDictionary<string, string> All = new Dictionary<string, string>
    {
        ["net_http_http2_connection_close"] = "The HTTP/2 server closed the connection.",
        ["net_http_http2_connection_error"] = "The HTTP/2 server sent invalid data on the connection.",
        ["net_http_request_aborted"] = "The request was aborted.",
        ["net_http_server_shutdown"] = "The server shut down the connection.",
        ["net_http_http2_connection_not_established"] = "An HTTP/2 connection could not be established because the server did not complete the HTTP/2 handshake.",
        ["net_http_request_headers_exceeded_length"] = "The HTTP request headers length exceeded the server limit of",
        ["net_http_request_invalid_char_encoding"] = "Request headers must contain only ASCII characters.",
        ["net_http_request_content_length_mismatch"] = "Sent {0} request content bytes, but Content-Length promised",
        ["net_http_content_write_larger_than_content_length"] = "Unable to write content to request stream; content would exceed Content-Length.",
        ["net_http_content_stream_copy_error"] = "Error while copying content to a stream.",
        ["net_http_client_execution_error"] = "An error occurred while sending the request.",
        ["net_http_headers_exceeded_length"] = "The HTTP headers length exceeded the set limit of",
    }.ToFrozenDictionary();

    /// <summary>Whether an exception says what this key stands for.</summary>
    public static bool Says(Exception exception, string key) =>
        IsText(exception.Message, All[key]) || exception.Message.StartsWith(key, StringComparison.Ordinal);

    // Up to the first of what is filled in, and with what follows it.
    private static bool IsText(string message, string text) => text.IndexOf("{0}", StringComparison.Ordinal) is >= 0 and var filled
        ? message.StartsWith(text[..filled], StringComparison.Ordinal) && message.Contains(text[(filled + 3)..], StringComparison.Ordinal)
        : message.StartsWith(text, StringComparison.Ordinal);
}
