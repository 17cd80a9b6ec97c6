using System.Globalization;
using System.Text;

namespace Indelible.SearchBench;

/// <summary>How long each engine took for each question, in milliseconds.</summary>
internal sealed class Timings
{
    private readonly Dictionary<(string Table, string Question, string Engine), List<double>> _samples = [];

    /// <summary>Adds a sample.</summary>
    public void Add(string table, string question, string engine, TimeSpan time)
    {
        if (!_samples.TryGetValue((table, question, engine), out List<double>? samples))
        {
            _samples.Add((table, question, engine), samples = []);
        }

        samples.Add(time.TotalMilliseconds);
    }

    /// <summary>The median, or null where nothing was measured.</summary>
    public double? Median(string table, string question, string engine) =>
        _samples.TryGetValue((table, question, engine), out List<double>? samples) ? Percentile(samples, 0.5) : null;

    /// <summary>The questions of a table that an engine was asked.</summary>
    public IReadOnlyList<string> QuestionsOf(string table, string engine) => [.. _samples.Keys.Where(key => key.Table == table && key.Engine == engine).Select(key => key.Question)];

    /// <summary>A table in markdown: a line for each question, a column for each engine, and how many times as long as ours the best peer took.</summary>
    public string Markdown(string table)
    {
        string[] engines = [.. _samples.Keys.Where(key => key.Table == table).Select(key => key.Engine).Distinct().OrderByDescending(IsOurs)];
        var text = new StringBuilder($"| |{string.Concat(engines.Select(engine => $" {engine} |"))} best peer ÷ ours |\n|---|{string.Concat(engines.Select(_ => "---:|"))}---:|\n");
        foreach (string question in _samples.Keys.Where(key => key.Table == table).Select(key => key.Question).Distinct())
        {
            text.Append(CultureInfo.InvariantCulture, $"| {question} |");
            foreach (string engine in engines)
            {
                text.Append(CultureInfo.InvariantCulture, $" {Cell(table, question, engine)} |");
            }

            double? ours = engines.Where(IsOurs).Select(engine => Median(table, question, engine)).FirstOrDefault();
            double? best = engines.Where(engine => !IsOurs(engine)).Select(engine => Median(table, question, engine)).Min();
            text.Append(ours is { } mine && best is { } theirs ? $" **{Number(theirs / mine)}** |\n" : " |\n");
        }

        return text.ToString();
    }

    private static bool IsOurs(string engine) => engine.StartsWith(IndelibleEngine.Title, StringComparison.Ordinal);

    private static double Percentile(List<double> samples, double part)
    {
        double[] sorted = [.. samples.Order()];
        return sorted[(int)Math.Min(sorted.Length - 1, Math.Floor(sorted.Length * part))];
    }

    /// <summary>Three digits that count.</summary>
    private static string Number(double value) => value.ToString(value >= 100 ? "N0" : value >= 10 ? "F1" : value >= 1 ? "F2" : value >= 0.01 ? "F3" : "G2", CultureInfo.InvariantCulture);

    private string Cell(string table, string question, string engine) => _samples.TryGetValue((table, question, engine), out List<double>? samples)
        ? $"**{Number(Percentile(samples, 0.5))}** / {Number(Percentile(samples, 0.99))}{(samples.Count < 100 ? $" ({samples.Count})" : "")}"
        : "–";
}
