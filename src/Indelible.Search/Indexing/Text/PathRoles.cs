namespace Indelible.Search;

/// <summary>The members of an entry whose strings are no terms: the three times and the salt.</summary>
internal static class PathRoles
{
    /// <summary>Which time a path is, in the order of <see cref="FieldCatalogue.TimeColumn"/>; −1 where it is none.</summary>
    public static int TimeColumn(FieldPath path) => path.Segments is [string name]
        ? name switch
        {
            "time" => 0,
            "observed_time" => 1,
            "received_at" => 2,
            _ => -1,
        }
        : -1;

    /// <summary>Whether a path is one of the four.</summary>
    public static bool IsColumn(FieldPath path) => TimeColumn(path) >= 0 || path.Segments is ["salt"];

    /// <summary>Adds the rows whose string at one of the four may be a value: those of the same instant, and those that have no plain instant; of the salt, all.</summary>
    public static void AddHashed(ITermIndex index, FieldPath path, ReadOnlySpan<byte> value, RowSet into)
    {
        if (index.Times(path) is not { } times)
        {
            index.AddExisting(path, into);
            return;
        }

        times.AddUndecided(into);
        if (TimeText.TryReadInstant(value, out long ticks))
        {
            times.AddBetween(ticks, ticks + 1, into);
        }
    }
}
