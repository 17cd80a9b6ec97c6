namespace Indelible.Engine.Storage;

/// <summary>What is known about the effect of a storage operation that failed.</summary>
public enum StorageOutcome
{
    /// <summary>Nothing was changed: the operation may be tried again.</summary>
    NothingChanged,

    /// <summary>
    /// The change may or may not be on disk. Never retried and never assumed either way: the node stops, and recovery, which
    /// reads what is really there, decides.
    /// </summary>
    Unknown,

    /// <summary>What is stored is not what was written: it is damaged, missing or altered.</summary>
    Damaged,
}

/// <summary>A storage driver could not do what was asked; <see cref="Outcome"/> says what is known of the effect.</summary>
public class StorageException : IOException
{
    /// <summary>Makes the exception; the message names the file or object, the value seen and the value wanted.</summary>
    public StorageException(string message, StorageOutcome outcome, Exception? inner = null)
        : base(message, inner)
    {
        Outcome = outcome;
    }

    /// <summary>What is known of the effect.</summary>
    public StorageOutcome Outcome { get; }
}

/// <summary>A compare-and-append found the log at another end: nothing was written.</summary>
public sealed class JournalConflictException : StorageException
{
    /// <summary>Makes the exception for <paramref name="log"/>, which ends at <paramref name="actual"/>.</summary>
    public JournalConflictException(string log, long expected, long actual)
        : base($"Log {log} ends at {actual} in the journal, not at {expected}.", StorageOutcome.NothingChanged)
    {
    }
}

/// <summary>A compare-and-swap found another record than the caller's: nothing was written, for any log of the round.</summary>
public sealed class CheckpointConflictException : StorageException
{
    /// <summary>Makes the exception for the first <paramref name="origin"/> whose record differs.</summary>
    public CheckpointConflictException(string origin)
        : base($"The recorded checkpoint of {origin} is not the one this node wrote last: another instance may be running.", StorageOutcome.NothingChanged)
    {
    }
}
