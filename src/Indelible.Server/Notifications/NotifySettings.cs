using Indelible.Detection;
using Indelible.Search;

namespace Indelible.Server.Notifications;

/// <summary>Who is told of alerts, and how: what a file of notifications says. Read by <see cref="NotifyFile"/>.</summary>
public sealed class NotifySettings
{
    internal NotifySettings(string path, Uri? url, IReadOnlyList<Destination> destinations) => (Path, Url, Destinations) = (path, url, destinations);

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>Where people reach this server, for links; null where nothing was said.</summary>
    public Uri? Url { get; }

    /// <summary>How many destinations there are.</summary>
    public int Count => Destinations.Count;

    /// <summary>The destinations, in the file's order.</summary>
    internal IReadOnlyList<Destination> Destinations { get; }

    /// <summary>The destinations' names and kinds, in the file's order, for people.</summary>
    public IEnumerable<(string Name, string Kind)> Named => Destinations.Select(destination => (destination.Name, destination.Kind));
}

/// <summary>A destination of notifications.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Kind">Its kind's word.</param>
/// <param name="Alerts">Which alerts it is told of; null for none but those that others pass on to it.</param>
internal sealed record Destination(string Name, string Kind, AlertSelection? Alerts)
{
    /// <summary>Whether it is told again of an alert that is raised again.</summary>
    public bool HasRepeats { get; init; }

    /// <summary>How many it is sent in a time at most; null for any number.</summary>
    public NotifyRate? Rate { get; init; }

    /// <summary>The title, in a line.</summary>
    public required MessageTemplate Title { get; init; }

    /// <summary>The text.</summary>
    public required MessageTemplate Text { get; init; }

    /// <summary>Who else is told, of an alert that nobody has acknowledged.</summary>
    public IReadOnlyList<Escalation> Escalations { get; init; } = [];

    /// <summary>How long an attempt may take.</summary>
    public TimeSpan Timeout { get; init; } = ServerLimits.NotifyTimeout;

    /// <summary>How long after the first failure it is tried again; twice as long each time.</summary>
    public TimeSpan RetryFirst { get; init; } = ServerLimits.NotifyRetryFirst;

    /// <summary>The same, at most.</summary>
    public TimeSpan RetryMost { get; init; } = ServerLimits.NotifyRetryMost;

    /// <summary>How long it is tried.</summary>
    public TimeSpan GiveUpAfter { get; init; } = ServerLimits.NotifyGiveUp;

    /// <summary>Makes what sends to it.</summary>
    public required Func<TimeProvider, INotifyChannel> Open { get; init; }
}

/// <summary>Who else is told, and when.</summary>
/// <param name="After">How long after the alert was raised; for who is told by another escalation, after that one.</param>
/// <param name="To">A destination.</param>
internal sealed record Escalation(TimeSpan After, string To);

/// <summary>How many notifications a destination is sent at most.</summary>
/// <param name="Count">So many.</param>
/// <param name="Per">In such a time.</param>
internal sealed record NotifyRate(int Count, TimeSpan Per);

/// <summary>Which alerts a destination is told of: those that fit everything that is said.</summary>
internal sealed record AlertSelection
{
    /// <summary>The least severity.</summary>
    public RuleLevel Severity { get; init; } = RuleLevel.Informational;

    /// <summary>Rules by their ids; empty for all.</summary>
    public IReadOnlyList<string> Rules { get; init; } = [];

    /// <summary>Tags of the rule, one of which it must have; empty for any.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Patterns of logs; empty for all, and for what is about no log.</summary>
    public IReadOnlyList<string> Logs { get; init; } = [];

    /// <summary>A query that selects the alert's entry; null for every one.</summary>
    public Query? Query { get; init; }
}
