using System.Globalization;
using System.Text;

namespace Indelible.SearchBench;

/// <summary>How each question grows with the number of events.</summary>
internal static class Growth
{
    /// <summary>A table of our medians, a column for each number of events; nothing where there is only one.</summary>
    public static string Markdown(IReadOnlyList<(int Events, Comparison Comparison)> done)
    {
        if (done.Count < 2)
        {
            return "";
        }

        var text = new StringBuilder("## How ours grows\n\nMedians in milliseconds.\n\n| |");
        text.AppendJoin("|", done.Select(one => string.Create(CultureInfo.InvariantCulture, $" {one.Events:N0} "))).Append("| last ÷ first |\n|---|").Append(string.Concat(done.Select(_ => "---:|"))).Append("---:|\n");
        foreach ((string table, string name, _) in Comparison.Tables.Where(table => table.Short.Length > 0))
        {
            foreach (string question in done[0].Comparison.Timings.QuestionsOf(table, IndelibleEngine.Title))
            {
                double?[] medians = [.. done.Select(one => one.Comparison.Timings.Median(table, question, IndelibleEngine.Title))];
                string cells = string.Join(" | ", medians.Select(median => median?.ToString("F3", CultureInfo.InvariantCulture) ?? "–"));
                text.Append(CultureInfo.InvariantCulture, $"| {name}: {question} | {cells} | {medians[^1] / medians[0]:F1} |\n");
            }
        }

        return text.Append('\n').ToString();
    }
}
