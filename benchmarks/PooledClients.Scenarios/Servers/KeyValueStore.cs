using System.Collections.Concurrent;
using System.Text;
using RocksDbSharp;
using Database = RocksDbSharp.RocksDb;

namespace PooledClients.Scenarios.Servers;

/// <summary>RocksDB databases by name, each in a folder of its own.</summary>
internal sealed class KeyValueStore(string folder) : IDisposable
{
    /// <summary>The database that every load reads, and the key and the value in it.</summary>
    public const string SampleDatabase = "incident";

    public static readonly byte[] SampleKey = Encoding.UTF8.GetBytes("key");
    public static readonly byte[] LargeKey = Encoding.UTF8.GetBytes("large");
    private static readonly byte[] SampleValue = new byte[100];
    private static readonly byte[] LargeValue = new byte[200 * 1024];

    private readonly ConcurrentDictionary<string, Lazy<Database>> _databases = new();

    public Database Open(string name) => _databases.GetOrAdd(name, key => new Lazy<Database>(() => Create(key))).Value;

    /// <summary>Writes what the loads read.</summary>
    public void Seed()
    {
        Open(SampleDatabase).Put(SampleKey, SampleValue);
        Open(SampleDatabase).Put(LargeKey, LargeValue);
    }

    public void Dispose()
    {
        foreach (var database in _databases.Values)
        {
            database.Value.Dispose();
        }
    }

    private Database Create(string name)
    {
        var path = Path.Combine(folder, Convert.ToHexString(Encoding.UTF8.GetBytes(name)));
        Directory.CreateDirectory(path);
        return Database.Open(new DbOptions().SetCreateIfMissing(true), path);
    }
}
