using System.ComponentModel;
using System.Net.Sockets;
using Grpc.Core;
using PooledClients.Platform;

namespace PooledClients.Connections.Descriptors;

/// <summary>
/// Tells faults of this process from faults of the server. Running out of descriptors (EMFILE) has many disguises: a socket reports
/// ENFILE, name resolution an unknown socket error, a file the raw number, and the runtime that an assembly does not exist.
/// </summary>
internal static class LocalFault
{
    /// <summary>Whether the process, not the server, is the reason: neither retried against the server nor counted by its breaker.</summary>
    public static bool IsLocal(Exception exception) => Any(exception, static e => e is ConnectionBudgetException || IsDisguise(e));

    public static bool IsOutOfDescriptors(Exception exception) => Any(exception, IsDisguise);

    private static bool Any(Exception? exception, Func<Exception, bool> predicate)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (predicate(e)
                || (e is RpcException rpc && Any(rpc.Status.DebugException, predicate))
                || (e is AggregateException many && many.InnerExceptions.Any(inner => Any(inner, predicate))))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsDisguise(Exception exception) => exception switch
    {
        SocketException e => e.SocketErrorCode == SocketError.TooManyOpenSockets
            || e.NativeErrorCode is RuntimeContracts.Enfile or RuntimeContracts.Emfile or RuntimeContracts.UnknownSocketError,
        Win32Exception e => e.NativeErrorCode is RuntimeContracts.Enfile or RuntimeContracts.Emfile,
        FileNotFoundException e => RuntimeContracts.NamesAssembly(e.FileName),
        FileLoadException e => RuntimeContracts.NamesAssembly(e.FileName),
        IOException e => e.HResult is RuntimeContracts.Enfile or RuntimeContracts.Emfile,
        _ => false,
    };
}
