using Indelible.Engine.Configuration;
using Indelible.Privacy;
using Indelible.Search;

namespace Indelible.Server.Views;

/// <summary>Which fields of a log hold personal values.</summary>
internal static class PersonalPaths
{
    /// <summary>Whether a field's values are personal in a log: what the schema marks, and what the log adds.</summary>
    public static bool Has(LogSettings log, Field field) => Has(PersonalFields.Default.Pointers.Concat(log.PersonalPointers), string.Join('.', field.Segments));

    /// <summary>Whether a path is, or lies within, what one of several pointers points at.</summary>
    /// <param name="pointers">JSON Pointers; <c>-</c> for any item of an array.</param>
    /// <param name="path">Member names with dots between.</param>
    public static bool Has(IEnumerable<string> pointers, string path) =>
        pointers.Select(PathOf).Any(hidden => path == hidden || path.StartsWith(hidden + ".", StringComparison.Ordinal));

    // A pointer's array items are no step of a path.
    private static string PathOf(string pointer) => string.Join('.', pointer.Split('/').Skip(1).Where(step => step != "-"));
}
