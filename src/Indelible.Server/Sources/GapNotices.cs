using System.Globalization;
using Indelible.Engine;
using Indelible.Engine.Sources;
using Indelible.Events;
using Indelible.Search;

namespace Indelible.Server.Sources;

/// <summary>What an answer to a search says of events that are missing.</summary>
internal static class GapNotices
{
    private const int Listed = 3;

    /// <summary>A sentence for each of the latest open gaps in a range of time, and one for the others.</summary>
    /// <param name="log">The log.</param>
    /// <param name="time">The range that was searched, by the producers' clocks.</param>
    /// <param name="size">The size that the answer covers.</param>
    public static IEnumerable<string> Of(LogReader log, TimeRange time, long size)
    {
        GapsInRange found = log.ReadGaps(time.From, time.To, size, Listed);
        foreach (GapOfStream gap in found.Gaps)
        {
            yield return Of(gap);
        }

        long more = found.Count - found.Gaps.Count + found.OnlyCounted;
        if (more > 0)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{more} more gaps in the numbers of producers{(found.OnlyCounted > 0 ? ", some of them of a time that is no longer known" : "")}: see the log's sources.");
        }
    }

    private static string Of(GapOfStream item)
    {
        GapView gap = item.Gap;
        string instance = item.Source.Instance.Length == 0 ? "" : "/" + VisibleText.Excerpt(item.Source.Instance);
        string numbers = gap.First == gap.Last ? $"number {gap.First}" : $"numbers {gap.First} to {gap.Last}";
        string after = gap.After is { } before ? $"after entry {before.Index} ({Instant.Format(before.Time)})" : "from the stream's beginning";
        string shown = gap.Sign switch
        {
            GapSign.Jump => "entry",
            GapSign.Stated => "the statement in entry",
            _ => "the next stream's statement in entry",
        };
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{gap.Missing} {(gap.Missing == 1 ? "event" : "events")} of {VisibleText.Excerpt(item.Source.Service)}{instance} have not arrived: {numbers} of stream {VisibleText.Excerpt(item.StreamId)}, {after} and before {shown} {gap.Before.Index} ({Instant.Format(gap.Before.Time)}).");
    }
}
