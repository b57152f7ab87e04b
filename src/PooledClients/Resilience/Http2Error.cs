namespace PooledClients.Resilience;

/// <summary>HTTP/2's error codes that make a difference (RFC 9113, section 7).</summary>
internal static class Http2Error
{
    public const long FrameSizeError = 6;
    public const long RefusedStream = 7;
    public const long Cancel = 8;
    public const long CompressionError = 9;
    public const long EnhanceYourCalm = 11;
    public const long InadequateSecurity = 12;
    public const long Http11Required = 13;
}
