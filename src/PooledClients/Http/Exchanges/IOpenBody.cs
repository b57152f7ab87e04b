namespace PooledClients.Http.Exchanges;

/// <summary>The body of a response, as the exchange reaches it.</summary>
internal interface IOpenBody
{
    /// <summary>Disposes what holds the connection. May be called while a read is pending, more than once, and by any thread.</summary>
    void Close();
}
