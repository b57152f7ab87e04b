namespace PooledClients;

/// <summary>The descriptors of one kind that the process holds. It is told on Linux only.</summary>
public sealed class DescriptorKindSnapshot
{
    /// <summary>Gets the kind: socket, file, folder, pipe, device, or other (epoll, eventfd, timerfd and their like).</summary>
    public required string Kind { get; init; }

    /// <summary>Gets how many are open.</summary>
    public required int Open { get; init; }

    /// <summary>Gets how many more there are than <see cref="ChangedOver"/> ago.</summary>
    public int Change { get; init; }

    /// <summary>Gets the time over which <see cref="Change"/> was seen: at most five minutes; zero while there is nothing to compare with.</summary>
    public TimeSpan ChangedOver { get; init; }
}
