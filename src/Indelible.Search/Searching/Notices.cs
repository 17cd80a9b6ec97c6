using System.Globalization;

namespace Indelible.Search;

/// <summary>What an answer says of itself, in words for the caller.</summary>
internal static class Notices
{
    /// <summary>As many entries as arrive while indexing draws breath, under load.</summary>
    private const long MaxUsualLag = 8192;

    /// <summary>What no index covers; nothing, where all is covered.</summary>
    public static List<string> Of(LogSpans spans)
    {
        var notices = new List<string>();
        if (spans.Damaged > 0)
        {
            notices.Add(Text($"The index of {spans.Damaged} entries is damaged and will be made again: meanwhile they are looked at one by one."));
        }

        // Some that have only just come are looked at in a moment, and are no news.
        if (spans.Unindexed - spans.Damaged > (spans.Lag <= MaxUsualLag ? spans.Lag : 0))
        {
            notices.Add(Text($"{spans.Unindexed - spans.Damaged} of {spans.Indexed + spans.Unindexed} entries are not indexed: they are looked at one by one."));
        }

        return notices;
    }

    /// <summary>A notice, its numbers written as everywhere.</summary>
    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
