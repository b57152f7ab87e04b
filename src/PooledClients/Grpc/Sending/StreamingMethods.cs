using System.Collections.Concurrent;
using Grpc.Core;

namespace PooledClients.Grpc.Sending;

/// <summary>The methods that are not unary, by path; only grows, with the methods of the contracts.</summary>
internal sealed class StreamingMethods
{
    private readonly ConcurrentDictionary<string, MethodType> _methods = new(StringComparer.Ordinal);
    private volatile bool _any;

    public void Learn(IMethod method)
    {
        if (_methods.TryAdd(method.FullName, method.Type))
        {
            _any = true;
        }
    }

    /// <summary>The type of the method that a request calls; unary where nothing else is known.</summary>
    public MethodType TypeOf(HttpRequestMessage request) => _any ? TypeOf(request.RequestUri!.AbsolutePath) : MethodType.Unary;

    // A message handler may have put a prefix in front, for servers below a path of their own.
    private MethodType TypeOf(string path)
    {
        if (_methods.TryGetValue(path, out var type))
        {
            return type;
        }

        var service = path.LastIndexOf('/', Math.Max(0, path.LastIndexOf('/') - 1));
        return service > 0 && _methods.TryGetValue(path[service..], out type) ? type : MethodType.Unary;
    }
}
