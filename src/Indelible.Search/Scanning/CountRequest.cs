namespace Indelible.Search;

/// <summary>What to count.</summary>
/// <param name="Query">Which entries.</param>
/// <param name="Time">And when they happened; null for always.</param>
/// <param name="By">The field whose values are counted; null for none.</param>
/// <param name="Top">How many values at most, 1 to <see cref="ScanLimits.MaxPageItems"/>.</param>
/// <param name="AsOf">The tree size to count in; null for the durable size on arrival.</param>
/// <param name="Interval">The width of the histogram, whole seconds; null for one that gives at most <see cref="ScanCounts.MaxIntervals"/> intervals.</param>
public sealed record CountRequest(Query Query, TimeRange? Time, Field? By, int Top, long? AsOf, TimeSpan? Interval = null);

/// <summary>Entries that happened from <paramref name="From"/> on, for one <see cref="CountResult.Interval"/>.</summary>
/// <param name="From">The start of the interval, in UTC.</param>
/// <param name="Count">How many; never 0, empty intervals are left out.</param>
public readonly record struct TimeCount(DateTimeOffset From, long Count);

/// <summary>Entries that have a value.</summary>
/// <param name="Value">The string, or the JSON spelling of a number, true, false or null.</param>
/// <param name="Count">How many entries; an entry that has it twice counts once.</param>
public readonly record struct ValueCount(string Value, long Count);

/// <summary>Counts over time and by value.</summary>
/// <param name="AsOf">The tree size that the answer covers.</param>
/// <param name="Total">How many entries match; inexact when counting stopped at <paramref name="CountedFrom"/>.</param>
/// <param name="CountedFrom">Entries from this index up to <paramref name="AsOf"/> were counted; 0 when all were.</param>
/// <param name="Interval">The width of the histogram: the one asked for, or one chosen so that there are at most <see cref="ScanCounts.MaxIntervals"/>
/// intervals.</param>
/// <param name="Histogram">Counts by time, ascending.</param>
/// <param name="Untimed">Matching entries without a readable time.</param>
/// <param name="Values">The most frequent values first; equal counts in the order of their code units.</param>
/// <param name="OtherValues">Occurrences of values that are not in <paramref name="Values"/>.</param>
/// <param name="Distinct">How many different values there are; at least so many where <paramref name="ValuesExact"/> is false.</param>
/// <param name="ValuesExact">False when there were more values than are told apart, or more entries than may be looked at for them: what was passed over is only in
/// <paramref name="OtherValues"/>. False also when values were counted by hashes: a count may then be too high by values that share its hash, and <paramref name="Notices"/> say how many do.</param>
/// <param name="Scanned">How many entries were looked at.</param>
/// <param name="Indexed">How many of the entries below <paramref name="AsOf"/> an index covers.</param>
/// <param name="Notices">What the asker should know of the answer. Fit to be shown.</param>
public sealed record CountResult(
    long AsOf,
    SearchTotal Total,
    long CountedFrom,
    TimeSpan Interval,
    IReadOnlyList<TimeCount> Histogram,
    long Untimed,
    IReadOnlyList<ValueCount> Values,
    long OtherValues,
    long Distinct,
    bool ValuesExact,
    long Scanned,
    long Indexed,
    IReadOnlyList<string> Notices);
