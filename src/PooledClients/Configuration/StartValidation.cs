namespace PooledClients.Configuration;

/// <summary>Has no settings: validating it validates every pooled client that was added.</summary>
internal sealed class StartValidation
{
}
