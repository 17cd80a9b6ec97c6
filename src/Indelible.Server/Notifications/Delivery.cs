using System.Security.Cryptography;
using System.Text;

namespace Indelible.Server.Notifications;

/// <summary>A notification on its way to a destination. What it says stands in the alert's entry; nothing of it is kept beside it.</summary>
/// <param name="Id">The same however often it is tried, and however often the alert is looked at.</param>
/// <param name="Destination">Where to.</param>
/// <param name="Reason">Why.</param>
/// <param name="Alert">The alert, by the id that it is known by.</param>
/// <param name="Log">The log of its entry.</param>
/// <param name="Entry">The entry's index: the alert's, or that of one that belongs to it.</param>
/// <param name="Raised">When that was received.</param>
internal sealed record Delivery(string Id, string Destination, NotifyReason Reason, string Alert, string Log, long Entry, DateTimeOffset Raised)
{
    /// <summary>When it is due; later after each failure.</summary>
    public required DateTimeOffset Due { get; init; }

    /// <summary>When it was due first, until it is tried; then since when it is.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>How often it was tried in vain.</summary>
    public int Attempts { get; init; }

    /// <summary>Why it was not taken last; null where it was not tried.</summary>
    public string? Problem { get; init; }

    /// <summary>When it was given up; null where it was not.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>Makes the id of a delivery.</summary>
    public static string IdOf(string entryId, string destination, NotifyReason reason) =>
        "ntf_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{entryId}\n{destination}\n{reason}")).AsSpan(0, 16));
}

/// <summary>How a destination does.</summary>
/// <param name="Queued">Deliveries that are due or will be, escalations that may never be included.</param>
/// <param name="Dead">Deliveries that were given up.</param>
/// <param name="LastSuccess">When one was taken last.</param>
/// <param name="LastFailure">When one was not taken last.</param>
/// <param name="LastProblem">Why.</param>
internal sealed record DestinationHealth(long Queued, long Dead, DateTimeOffset? LastSuccess, DateTimeOffset? LastFailure, string? LastProblem);
