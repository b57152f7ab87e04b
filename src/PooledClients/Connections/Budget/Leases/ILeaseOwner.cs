namespace PooledClients.Connections.Budget.Leases;

/// <summary>Whom a lease tells what becomes of it.</summary>
internal interface ILeaseOwner
{
    /// <summary>Its socket exists.</summary>
    void Opened();

    /// <summary>Its connection only finishes the calls that it has.</summary>
    void Drains();

    /// <summary>It is given back.</summary>
    /// <param name="wasOpened">Whether its socket existed.</param>
    /// <param name="wasDraining">Whether it counted no more towards the address's cap.</param>
    void Returned(bool wasOpened, bool wasDraining);
}
