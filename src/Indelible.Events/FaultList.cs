using System.Globalization;

namespace Indelible.Events;

/// <summary>Collects the faults of one document, up to <see cref="EventLimits.Faults"/> of them.</summary>
internal sealed class FaultList
{
    private List<Fault>? _faults;

    public int Count => _faults?.Count ?? 0;

    public bool IsFull => Count >= EventLimits.Faults;

    public IReadOnlyList<Fault> ToList() => (IReadOnlyList<Fault>?)_faults ?? [];

    public void Add(string pointer, string code, string detail)
    {
        if (!IsFull)
        {
            (_faults ??= []).Add(new Fault(Shorten(pointer, EventLimits.Pointer), code, detail));
        }
    }

    /// <summary>
    /// The caller's text as a detail may quote it: at most <see cref="EventLimits.FaultExcerpt"/> characters, none that
    /// breaks lines, reorders what follows or is not seen: whoever reads the fault may read it in a terminal.
    /// </summary>
    public static string Excerpt(string text)
    {
        string shown = Shorten(text, EventLimits.FaultExcerpt - 2);
        return "\"" + string.Create(shown.Length, shown, (to, from) =>
        {
            for (int i = 0; i < to.Length; i++)
            {
                bool isHostile = char.GetUnicodeCategory(from[i]) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
                to[i] = isHostile ? '\uFFFD' : from[i];
            }
        }) + "\"";
    }

    private static string Shorten(string text, int length)
    {
        if (text.Length <= length)
        {
            return text;
        }

        int cut = length - 1;
        return string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[cut - 1]) ? cut - 1 : cut), "…");
    }
}
