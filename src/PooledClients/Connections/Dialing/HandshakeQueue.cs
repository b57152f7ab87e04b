namespace PooledClients.Connections.Dialing;

/// <summary>
/// Whose TLS handshake is next. A handshake has a turn while the processor works on what its server has sent, and none while nothing
/// comes: a server that accepts and never answers keeps nobody waiting. Turns go round the addresses that ask, none has more than half of
/// them, and no address has more than its limit of handshakes under way, for they are its server's work too: a thousand begun at once all
/// run out of time, and are begun again.
/// </summary>
/// <param name="turns">How many handshakes are worked on at a time.</param>
/// <param name="underWay">How many handshakes of one address are under way at a time.</param>
internal sealed class HandshakeQueue(int turns, int underWay)
{
    private readonly Lock _lock = new();

    // All of what follows, and what the addresses and handshakes hold of it, is guarded by _lock. An address is in the dictionary while it
    // has a handshake, and in the line while one of them waits for a turn.
    private readonly Dictionary<string, HandshakeAddress> _addresses = new(StringComparer.Ordinal);
    private readonly Queue<HandshakeAddress> _line = new();
    private readonly int _share = Math.Max(1, turns / 2);
    private int _free = turns;

    public HandshakeQueue()
        : this(Math.Max(4, 2 * Environment.ProcessorCount), Math.Max(64, 32 * Environment.ProcessorCount))
    {
    }

    /// <summary>A handshake with this address, which may begin once its <see cref="QueuedHandshake.Begun"/> has ended.</summary>
    public QueuedHandshake Enter(string address)
    {
        lock (_lock)
        {
            if (!_addresses.TryGetValue(address, out var handshakes))
            {
                handshakes = new HandshakeAddress(address);
                _addresses.Add(address, handshakes);
            }

            handshakes.All++;
            var handshake = new QueuedHandshake(this, handshakes);
            if (handshakes.UnderWay < underWay)
            {
                handshakes.UnderWay++;
                handshake.Begin();
            }
            else
            {
                handshakes.ToBegin.Enqueue(handshake);
            }

            return handshake;
        }
    }

    /// <summary>Asks for a turn, unless the handshake has one: null when it was to be had at once, else what to wait for.</summary>
    public Task? TakeTurn(QueuedHandshake handshake)
    {
        lock (_lock)
        {
            var address = handshake.Address;
            if (handshake.IsOver || handshake.HasTurn)
            {
                return null;
            }

            if (_free > 0 && address.Turns < _share)
            {
                Give(handshake);
                return null;
            }

            address.ForTurn.Enqueue(handshake);
            if (address.ForTurn.Count == 1)
            {
                _line.Enqueue(address);
            }

            return handshake.WaitForTurn();
        }
    }

    public void EndTurn(QueuedHandshake handshake)
    {
        lock (_lock)
        {
            if (handshake.HasTurn)
            {
                handshake.HasTurn = false;
                handshake.Address.Turns--;
                _free++;
                Pass();
            }
        }
    }

    public void Leave(QueuedHandshake handshake)
    {
        lock (_lock)
        {
            if (handshake.IsOver)
            {
                return;
            }

            handshake.IsOver = true;
            EndTurn(handshake);
            var address = handshake.Address;
            if (handshake.HasBegun)
            {
                address.UnderWay--;
                while (address.UnderWay < underWay && address.ToBegin.TryDequeue(out var next))
                {
                    if (!next.IsOver)
                    {
                        address.UnderWay++;
                        next.Begin();
                    }
                }
            }

            handshake.Release();
            if (--address.All == 0)
            {
                _addresses.Remove(address.Name);
            }
        }
    }

    private void Give(QueuedHandshake handshake)
    {
        handshake.HasTurn = true;
        handshake.Address.Turns++;
        _free--;
    }

    // Once round the addresses that wait, as long as there is a turn to give: each gets one, and goes to the end of the line.
    private void Pass()
    {
        for (var left = _line.Count; left > 0 && _free > 0; left--)
        {
            var address = _line.Dequeue();
            while (address.ForTurn.TryPeek(out var next) && next.IsOver)
            {
                address.ForTurn.Dequeue();
            }

            if (address.Turns < _share && address.ForTurn.TryDequeue(out var handshake))
            {
                Give(handshake);
                handshake.Release();
            }

            if (address.ForTurn.Count > 0)
            {
                _line.Enqueue(address);
            }
        }
    }
}
