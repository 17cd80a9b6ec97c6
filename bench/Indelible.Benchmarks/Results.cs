using System.Globalization;
using System.Text;

namespace Indelible.Benchmarks;

/// <summary>What was measured, round by round, and the tables made of it.</summary>
internal sealed class Results
{
    private readonly List<string> _names = [];
    private readonly Dictionary<string, (string Unit, List<double> Values)> _measured = new(StringComparer.Ordinal);
    private readonly List<string> _notes = [];

    /// <summary>Adds one round's value and says it on standard error.</summary>
    public void Add(string name, string unit, double value)
    {
        if (!_measured.TryGetValue(name, out (string Unit, List<double> Values) measured))
        {
            _names.Add(name);
            _measured.Add(name, measured = (unit, []));
        }

        measured.Values.Add(value);
        Console.Error.WriteLine($"{name}: {Text(value)} {unit}");
    }

    /// <summary>Adds a remark, such as why something was skipped; the same remark once.</summary>
    public void Note(string text)
    {
        if (!_notes.Contains(text))
        {
            _notes.Add(text);
        }
    }

    /// <summary>The median over the rounds, or null where it was not measured.</summary>
    public double? Median(string name)
    {
        if (!_measured.TryGetValue(name, out (string Unit, List<double> Values) measured))
        {
            return null;
        }

        double[] sorted = [.. measured.Values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Everything measured, as a markdown table.</summary>
    public string Table()
    {
        var table = new StringBuilder("| what | median | least – most | unit |\n|---|---:|---:|---|\n");
        foreach (string name in _names)
        {
            (string unit, List<double> values) = _measured[name];
            table.Append(CultureInfo.InvariantCulture, $"| {name} | **{Text(Median(name)!.Value)}** | {Text(values.Min())} – {Text(values.Max())} | {unit} |\n");
        }

        return table.ToString();
    }

    /// <summary>Quotients of medians of this run, as a markdown table; those with a part that was not measured are left out.</summary>
    public string Ratios(IEnumerable<(string Ours, string Theirs)> pairs)
    {
        var table = new StringBuilder("| ours | against | ours ÷ theirs |\n|---|---|---:|\n");
        foreach ((string ours, string theirs) in pairs)
        {
            if (Median(ours) is { } numerator && Median(theirs) is { } denominator && denominator > 0)
            {
                table.Append(CultureInfo.InvariantCulture, $"| {ours} | {theirs} | **{numerator / denominator:F1}** |\n");
            }
        }

        return table.ToString();
    }

    /// <summary>The remarks, as a list.</summary>
    public string Notes() => string.Concat(_notes.Select(note => $"- {note}\n"));

    private static string Text(double value) => value.ToString(value >= 100 ? "N0" : value >= 10 ? "F1" : "F2", CultureInfo.InvariantCulture);
}
