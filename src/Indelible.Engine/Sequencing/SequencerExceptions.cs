namespace Indelible.Engine.Sequencing;

/// <summary>The queue is full: nothing was taken, try again in a moment.</summary>
public sealed class QueueFullException : Exception
{
    /// <summary>Makes the exception.</summary>
    public QueueFullException()
        : base("The log is receiving more than it can write. Nothing of this request was taken; send it again in a second.")
    {
    }
}

/// <summary>The key was revoked between the request's arrival and its turn: nothing was appended.</summary>
public sealed class AuthorisationLostException : Exception
{
    /// <summary>Makes the exception for a key.</summary>
    public AuthorisationLostException(string keyId)
        : base($"Key {keyId} was revoked while the request was waiting. Nothing of it was appended.")
    {
    }
}

/// <summary>The journal could not take the group for want of something (room, file handles): nothing was appended, and the node goes on.</summary>
public sealed class NotWrittenException : Exception
{
    /// <summary>Makes the exception; <paramref name="inner"/> is what the journal said.</summary>
    public NotWrittenException(Exception inner)
        : base("The journal could not take this now; the operator has been told why. Nothing of it was appended; send it again in a moment.", inner)
    {
    }
}

/// <summary>The node has stopped after a failure whose outcome is unknown, or because it was told to; nothing further is appended.</summary>
public sealed class NodeStoppedException : Exception
{
    /// <summary>Makes the exception; <paramref name="inner"/> is what stopped the node, if it failed.</summary>
    public NodeStoppedException(string message, Exception? inner = null)
        : base(message, inner)
    {
        OutcomeUnknown = inner is Storage.StorageException { Outcome: Storage.StorageOutcome.Unknown };
    }

    /// <summary>Whether events that were being written may or may not be in the log: repeat them under the same ids after a restart.</summary>
    public bool OutcomeUnknown { get; internal init; }
}
