using Indelible.Search;

namespace Indelible.Cli.Tables;

/// <summary>A column of entries on a terminal.</summary>
/// <param name="Name">What stands above it.</param>
/// <param name="Usual">How wide it is where nobody has looked at its values yet.</param>
/// <param name="Least">How narrow it may get, where the terminal is narrow.</param>
/// <param name="Read">Its value.</param>
/// <param name="InkOf">How a value stands out.</param>
internal sealed record EntryColumn(string Name, int Usual, int Least, Func<ShownEntry, string> Read, Func<string, Ink> InkOf)
{
    private static readonly EntryColumn[] s_known =
    [
        new("index", 8, 5, entry => entry.Index, _ => Ink.Faint),
        new("time", 24, 20, entry => entry.Text("time"), _ => Ink.Faint),
        new("outcome", 8, 7, OutcomeOf, InkOfOutcome),
        new("actor", 24, 12, entry => entry.Text("actor", "id"), _ => Ink.Cyan),
        new("action", 30, 20, entry => entry.Text("action"), _ => Ink.Strong),
        new("target", 32, 16, entry => entry.Target, _ => Ink.Plain),
        new("service", 14, 8, entry => entry.Text("service", "name"), _ => Ink.Plain),
        new("source", 16, 11, SourceOf, _ => Ink.Plain),
        new("says", 40, 16, SentenceOf, _ => Ink.Faint),
    ];

    /// <summary>The columns, if nobody chooses; the last ones go first where the terminal is too narrow for all.</summary>
    public static IReadOnlyList<EntryColumn> Default => s_known;

    /// <summary>Reads a list of names with commas between: ours, or fields as in a query.</summary>
    /// <param name="text">As typed.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="fault">What is wrong; null where nothing is.</param>
    public static bool TryParse(string text, out IReadOnlyList<EntryColumn> columns, out string? fault)
    {
        var found = new List<EntryColumn>();
        columns = found;
        fault = null;
        foreach (string name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (s_known.FirstOrDefault(column => column.Name == name) is { } known)
            {
                found.Add(known);
            }
            else if (Field.TryParse(name, out Field? field, out QueryError? error))
            {
                found.Add(new EntryColumn(field.ToString(), 24, 6, entry => entry.Text(field.Names), _ => Ink.Plain));
            }
            else
            {
                fault = $"'{name}' is no column: {string.Join(", ", s_known.Select(column => column.Name))}, or a field as in a query ({error.Message.TrimEnd('.')}).";
                return false;
            }
        }

        return true;
    }

    private static string OutcomeOf(ShownEntry entry) => entry.Text("decision", "effect") == "deny" ? "DENIED" : entry.Text("outcome");

    private static Ink InkOfOutcome(string outcome) => outcome switch { "DENIED" => Ink.Red, "failure" => Ink.Yellow, "success" => Ink.Green, _ => Ink.Plain };

    private static string SourceOf(ShownEntry entry) => entry.Text("source", "ip") is { Length: > 0 } ip ? ip : entry.Text("source", "hostname");

    /// <summary>What the event says in a sentence, or why it ended as it did.</summary>
    private static string SentenceOf(ShownEntry entry) =>
        new[] { entry.Text("message"), entry.Text("outcome_reason"), entry.Text("decision", "reason"), entry.Text("reason", "text") }.FirstOrDefault(text => text.Length > 0) ?? "";
}
