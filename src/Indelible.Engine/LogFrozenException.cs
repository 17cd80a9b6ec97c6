namespace Indelible.Engine;

/// <summary>The log was finished by a restore: nothing is appended to it or signed of it any more. Nothing was changed.</summary>
public sealed class LogFrozenException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="log">The finished log.</param>
    /// <param name="successor">The log that goes on in its place.</param>
    /// <param name="what">What was asked for and cannot be.</param>
    public LogFrozenException(string log, string successor, string what)
        : base($"Log {log} was finished when its folder was restored from a backup: {what} Log {successor} goes on in its place.")
    {
        Log = log;
        Successor = successor;
    }

    /// <summary>The finished log.</summary>
    public string Log { get; }

    /// <summary>The log that goes on in its place.</summary>
    public string Successor { get; }
}
