using System.Text.Json;
using Indelible.Engine.Configuration;

namespace Indelible.Engine.Sources;

/// <summary>How it stands with a producer, differently than before.</summary>
public enum SourceChange
{
    /// <summary>It is expected, and silent for longer than its interval.</summary>
    Silent,

    /// <summary>It was heard of again.</summary>
    Heard,

    /// <summary>Numbers are missing among those of its events, and stayed away.</summary>
    Gap,

    /// <summary>None are missing any more.</summary>
    Complete,

    /// <summary>Events of it come from the future.</summary>
    ClockAhead,

    /// <summary>None did for an hour of it.</summary>
    ClockRight,
}

/// <summary>What is entered in <c>_access</c> when it stands differently with a producer.</summary>
/// <param name="Change">How it stands.</param>
/// <param name="Log">The log that it sends to.</param>
/// <param name="Target">What it is about: an expected source by its name, or the log.</param>
/// <param name="Message">It in a sentence, of at most 1,024 characters.</param>
/// <param name="Data">Writes the rest: members of an object.</param>
public sealed record SourceNote(SourceChange Change, string Log, (string Type, string Id) Target, string Message, Action<Utf8JsonWriter> Data)
{
    /// <summary>The action of the entry of a change.</summary>
    public static string ActionOf(SourceChange change) => change switch
    {
        SourceChange.Silent => SystemActions.SourceSilent,
        SourceChange.Heard => SystemActions.SourceHeard,
        SourceChange.Gap => SystemActions.SourceGap,
        SourceChange.Complete => SystemActions.SourceComplete,
        SourceChange.ClockAhead => SystemActions.SourceClockAhead,
        _ => SystemActions.SourceClockRight,
    };

    /// <summary>Whether a change is for the worse.</summary>
    public static bool IsBad(SourceChange change) => change is SourceChange.Silent or SourceChange.Gap or SourceChange.ClockAhead;
}
