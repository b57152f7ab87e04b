namespace PooledClients;

internal static class ExceptionExtensions
{
    /// <summary>The first of a type among an exception and its causes; none where there is none.</summary>
    public static TException? Find<TException>(this Exception? exception)
        where TException : Exception
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is TException found)
            {
                return found;
            }
        }

        return null;
    }
}
