using System.Text.RegularExpressions;

namespace Indelible.Client.Tests.Recording;

/// <summary>The page on what each delivery mode does when something fails, against the tests that show it.</summary>
public sealed partial class DeliveryTableTests
{
    private static readonly Dictionary<string, Type> s_classes = new()
    {
        ["D"] = typeof(DurableTests),
        ["G"] = typeof(GuaranteedTests),
        ["B"] = typeof(BestEffortTests),
        ["C"] = typeof(ContradictionTests),
    };

    [Fact]
    public void Every_cell_names_a_test_that_there_is_or_why_there_is_nothing_to_show()
    {
        string[][] rows =
        [
            .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "docs", "delivery.md"))
                .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| |", StringComparison.Ordinal))
                .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries))
                .Where(cells => cells[0] != "**promise**"),
        ];
        Assert.True(rows.Length >= 16);
        Assert.All(rows, cells => Assert.Equal(4, cells.Length));
        string[] unfounded =
        [
            .. from cells in rows
               from cell in cells.Skip(1)
               let named = NamePattern().Matches(cell)
               let known = named.Where(name => s_classes[name.Groups["class"].Value].GetMethod(name.Groups["test"].Value) is not null)
               where cell.Length == 0 || (cell[0] != '–' && (named.Count == 0 || known.Count() != named.Count))
               select $"{cells[0]}: {cell}",
        ];
        Assert.Empty(unfounded);
    }

    [GeneratedRegex("(?<class>[A-Z]) `(?<test>[A-Z][A-Za-z]*(_[A-Za-z]+)+)`", RegexOptions.ExplicitCapture)]
    private static partial Regex NamePattern();
}
