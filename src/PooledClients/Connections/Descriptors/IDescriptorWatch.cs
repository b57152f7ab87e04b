namespace PooledClients.Connections.Descriptors;

/// <summary>Who looks at the process's descriptors as often as the guardian has it look.</summary>
internal interface IDescriptorWatch
{
    /// <summary>Goes through what a look may need, before there is one: code that is first run when no descriptor is left cannot be loaded.</summary>
    void Rehearse();

    /// <summary>Looks. It may block.</summary>
    /// <param name="released">How many the reserve has released since the last look, for there were no others; <see langword="null"/> otherwise.</param>
    void Look(int? released);
}
