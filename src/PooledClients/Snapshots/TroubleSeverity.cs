namespace PooledClients;

/// <summary>How bad a trouble is; the worst is the highest.</summary>
public enum TroubleSeverity
{
    /// <summary>Worth a look. Health does not change.</summary>
    Notice,

    /// <summary>The clients work, but not as they should, or not for long. Health is Degraded.</summary>
    Degraded,

    /// <summary>The process is about to be unable to take more work. Health is Unhealthy, or what the check was registered with.</summary>
    Unhealthy,
}
