using Indelible.Engine;
using Indelible.Server.Access;

namespace Indelible.Server.Views;

/// <summary>What limits a view of a log, in sentences for people.</summary>
internal static class ViewNotices
{
    /// <summary>What personal values were not looked into.</summary>
    public const string Personal = "Personal values are not shown, and the query did not look into them.";

    /// <summary>Whose entries are left out.</summary>
    public const string Rows = "The key sees some of the entries alone: what others are missing is not said.";

    /// <summary>The notices of a view.</summary>
    /// <param name="log">The log.</param>
    /// <param name="entries">It as the caller sees it.</param>
    /// <param name="timeline">What was asked of it.</param>
    public static IEnumerable<string> Of(LogReader log, VisibleEntries entries, Timeline timeline)
    {
        foreach (string notice in timeline.Notices)
        {
            yield return notice;
        }

        if (!timeline.IsIndexed && entries.Indexes?.NoticeOf(log) is { } remade)
        {
            yield return remade;
        }

        if (timeline.IsCutShort)
        {
            yield return $"It took longer than {ServerLimits.ViewTime.TotalSeconds} s: what had not been asked by then is left out.";
        }

        if (!timeline.IsExact)
        {
            yield return "There were too many entries to look at: totals that are not exact are lower bounds, and what is nearest, first or last is so among those that were looked at.";
        }

        if (!entries.IsClear)
        {
            yield return Personal;
        }

        if (!entries.IsWhole)
        {
            yield return "The key sees some of the entries alone: the others are in no number here.";
        }
    }
}
