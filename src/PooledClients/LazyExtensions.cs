using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace PooledClients;

internal static class LazyExtensions
{
    /// <summary>
    /// The value of this key, made once whatever the race. A <see cref="Lazy{T}"/> keeps the exception of a failed making for good: that one
    /// is taken out, so that the next who asks tries again.
    /// </summary>
    public static TValue GetOrMake<TKey, TState, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] TValue>(
        this ConcurrentDictionary<TKey, Lazy<TValue>> values, TKey key, Func<TKey, TState, TValue> make, TState state)
        where TKey : notnull
    {
        var lazy = values.GetOrAdd(key, static (key, with) => new Lazy<TValue>(() => with.make(key, with.state)), (make, state));
        try
        {
            return lazy.Value;
        }
        catch
        {
            values.TryRemove(KeyValuePair.Create(key, lazy));
            throw;
        }
    }
}
