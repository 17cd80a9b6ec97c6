namespace Indelible.SearchBench;

/// <summary>The kinds of questions that count.</summary>
internal enum CountKind
{
    ByHour,
    ByAction,
    TopActorsOfAction,
    TopTargets,
}

/// <summary>A question that counts.</summary>
/// <param name="Kind">What is asked.</param>
/// <param name="Action">The action that alone is counted, of <see cref="CountKind.TopActorsOfAction"/>.</param>
internal sealed record CountQuestion(CountKind Kind, string Action = "")
{
    /// <summary>How many values at most.</summary>
    public const int Top = 20;

    /// <summary>What a table calls it.</summary>
    public static string NameOf(CountKind kind) => kind switch
    {
        CountKind.ByHour => "histogram by hour, everything",
        CountKind.ByAction => "top 20 actions, everything",
        CountKind.TopActorsOfAction => "top 20 actors under a filter",
        CountKind.TopTargets => "top 20 targets, everything",
        _ => throw new InvalidOperationException($"No name for {kind}."),
    };
}

/// <summary>Counts by name: the start of the hour in milliseconds since 1970, or the value.</summary>
/// <param name="Counts">Hours ascending; values by falling count, equal ones by name.</param>
/// <param name="IsExact">False where the engine says that it did not count all.</param>
internal sealed record CountAnswer(IReadOnlyList<(string Name, long Count)> Counts, bool IsExact = true);
