using System.Text.Json;

namespace Indelible.Engine.Access;

/// <summary>What somebody did with this system, or was kept from doing; an entry of <c>_access</c>.</summary>
public enum AccessKind
{
    /// <summary>A page of a search.</summary>
    Search,

    /// <summary>Counts over time and by value.</summary>
    Count,

    /// <summary>A rule over what a log has.</summary>
    Backtest,

    /// <summary>One entry.</summary>
    View,

    /// <summary>What stands around one entry.</summary>
    Context,

    /// <summary>What a log knows of one actor, target, address or the like.</summary>
    Entity,

    /// <summary>Personal values of one entry, asked for with a reason.</summary>
    Reveal,

    /// <summary>Entries as they arrive.</summary>
    Tail,

    /// <summary>Entries in bulk: a bundle, or the beginning of an export.</summary>
    Export,

    /// <summary>The end of an export: how much left, and whether all of it did.</summary>
    ExportEnd,

    /// <summary>What a log knows of its producers.</summary>
    Sources,

    /// <summary>Alerts and how they stand.</summary>
    Alerts,

    /// <summary>Who may do what, or could.</summary>
    Inspect,

    /// <summary>A verification that somebody asked for.</summary>
    Verify,

    /// <summary>A test of a destination of notifications.</summary>
    NotifyTest,

    /// <summary>A notification that was given up is tried again.</summary>
    NotifyRetry,

    /// <summary>A notification that was given up is forgotten.</summary>
    NotifyDrop,

    /// <summary>A stream to another system, that the settings name, begins with the server.</summary>
    StreamStart,

    /// <summary>A stream is sent again from some entry on.</summary>
    StreamReplay,

    /// <summary>A stream is held.</summary>
    StreamPause,

    /// <summary>And goes on.</summary>
    StreamResume,

    /// <summary>A sign-in to the viewer.</summary>
    SignIn,

    /// <summary>Its end.</summary>
    SignOut,

    /// <summary>Requests without a valid credential.</summary>
    Unauthenticated,

    /// <summary>Requests that were not allowed.</summary>
    Refused,
}

/// <summary>One thing that somebody did, or several of a kind that he was kept from.</summary>
/// <param name="Kind">What it was.</param>
/// <param name="Target">What with.</param>
/// <param name="Data">Writes what was asked and answered: members of an object. <c>original</c> is encrypted.</param>
public sealed record AccessNote(AccessKind Kind, (string Type, string Id) Target, Action<Utf8JsonWriter> Data)
{
    /// <summary>The tenant that it is about, whose own auditors may see it; null for the node.</summary>
    public string? Tenant { get; init; }

    /// <summary>Why, in the caller's words; null where nobody asks.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether it came to nothing, though it was allowed.</summary>
    public bool HasFailed { get; init; }

    internal OwnEvent ToEvent()
    {
        (string action, string category, string operation) = Kind switch
        {
            AccessKind.Search => ("indelible.log.search", "data_access", "search"),
            AccessKind.Count => ("indelible.log.count", "data_access", "search"),
            AccessKind.Backtest => ("indelible.log.backtest", "data_access", "search"),
            AccessKind.View => ("indelible.entry.view", "data_access", "read"),
            AccessKind.Context => ("indelible.entry.context", "data_access", "read"),
            AccessKind.Entity => ("indelible.entity.view", "data_access", "search"),
            AccessKind.Reveal => ("indelible.entry.reveal", "data_access", "read"),
            AccessKind.Tail => ("indelible.log.tail", "data_access", "read"),
            AccessKind.Export => ("indelible.log.export", "data_access", "export"),
            AccessKind.ExportEnd => ("indelible.log.export.end", "data_access", "export"),
            AccessKind.Sources => ("indelible.log.sources", "data_access", "read"),
            AccessKind.Alerts => ("indelible.alerts.view", "data_access", "read"),
            AccessKind.Inspect => ("indelible.configuration.view", "audit", "read"),
            AccessKind.Verify => ("indelible.log.verify", "audit", "execute"),
            AccessKind.NotifyTest => ("indelible.notification.test", "audit", "execute"),
            AccessKind.NotifyRetry => ("indelible.notification.retry", "audit", "execute"),
            AccessKind.NotifyDrop => ("indelible.notification.drop", "audit", "delete"),
            AccessKind.StreamStart => ("indelible.stream.start", "data_access", "export"),
            AccessKind.StreamReplay => ("indelible.stream.replay", "data_access", "export"),
            AccessKind.StreamPause => ("indelible.stream.pause", "audit", "disable"),
            AccessKind.StreamResume => ("indelible.stream.resume", "audit", "enable"),
            AccessKind.SignIn => ("indelible.session.start", "session", "login"),
            AccessKind.SignOut => ("indelible.session.end", "session", "logout"),
            AccessKind.Unauthenticated => ("indelible.authentication.fail", "authentication", "login"),
            AccessKind.Refused => ("indelible.request.refuse", "authorization", "other"),
            _ => throw new InvalidOperationException($"There is no {Kind}."),
        };
        bool isDenied = Kind is AccessKind.Unauthenticated or AccessKind.Refused;
        return new OwnEvent(action, category, operation, Target, Data) { Tenant = Tenant, Reason = Reason, IsDenied = isDenied, Outcome = isDenied || HasFailed ? "failure" : "success" };
    }
}
