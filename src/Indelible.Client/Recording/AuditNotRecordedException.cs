namespace Indelible.Client.Recording;

/// <summary>An event could not be recorded as its delivery mode promises. What it was about should not be done.</summary>
/// <param name="id">The event's id.</param>
/// <param name="mayBeLogged">Whether the server may have it all the same: nobody answered in time. Recorded again with this id, it is one event.</param>
/// <param name="message">Why, for an operator.</param>
/// <param name="inner">What failed, if anything did.</param>
public sealed class AuditNotRecordedException(string id, bool mayBeLogged, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The event's id.</summary>
    public string EventId { get; } = id;

    /// <summary>Whether the server may have it all the same.</summary>
    public bool MayBeLogged { get; } = mayBeLogged;
}
