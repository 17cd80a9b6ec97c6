using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Indelible.Events;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible counts</c>: how many entries, over time and by value.</summary>
internal static class CountsCommand
{
    private const int MostBars = 200;
    private const int MostEmpty = 24;
    private const string Bars = "▏▎▍▌▋▊▉█";

    public static Command Make()
    {
        var query = new QueryOptions(hasWords: true);
        Option<string> log = CommandOptions.Log();
        var by = new Option<string?>("--by") { Description = "Also the most frequent values of this field" };
        var top = new Option<int?>("--top") { Description = "How many of them; default 20" };
        var interval = new Option<string?>("--interval") { Description = "How wide each bar is, such as 15m, 1h, 1d, 1w; default: what suits the range" };
        var asOf = new Option<long?>("--as-of") { Description = "Count in the first so many entries: an earlier answer names its size" };
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("counts", "Count entries over time, and by the values of a field (needs a reader's key)") { log, by, top, interval, asOf, url, key, json };
        query.AddTo(command);
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api =>
        {
            TimeSpan? width = null;
            if (parsed.GetValue(interval) is { } wanted && (width = SpanOf(wanted)) is null)
            {
                return Task.FromResult(CommandOptions.Fail("--interval: a number and s, m, h, d or w, such as 15m, 1h, 7d."));
            }

            string text = query.TextOf(parsed);
            string path = $"api/logs/{Uri.EscapeDataString(parsed.GetValue(log)!)}/counts?q={Uri.EscapeDataString(text)}{query.TimesOf(parsed)}"
                + QueryOptions.Parameter("by", parsed.GetValue(by))
                + QueryOptions.Parameter("top", parsed.GetValue(top)?.ToString(CultureInfo.InvariantCulture))
                + QueryOptions.Parameter("interval", parsed.GetValue(interval))
                + QueryOptions.Parameter("as_of", parsed.GetValue(asOf)?.ToString(CultureInfo.InvariantCulture));
            return QueryOptions.ExplainAsync(text, async () =>
            {
                using JsonDocument answer = await api.GetAsync(path, cancel);
                if (parsed.GetValue(json))
                {
                    Console.WriteLine(Terminal.CleanJson(answer.RootElement.GetRawText()));
                }
                else
                {
                    Show(answer.RootElement, width);
                    QueryOptions.TellTimes(text, answer.RootElement.GetProperty("query").GetString()!);
                }

                return ExitCode.Done;
            });
        }));
        return command;
    }

    private static void Show(JsonElement answer, TimeSpan? wanted)
    {
        var given = TimeSpan.FromSeconds(answer.GetProperty("interval_seconds").GetInt64());
        (DateTimeOffset From, long Count)[] counted =
        [
            .. answer.GetProperty("histogram").EnumerateArray().Select(bar => (Instant.Parse(bar.GetProperty("from").GetString()!), bar.GetProperty("count").GetInt64())),
        ];
        TimeSpan width = wanted is { } asked && asked > given && asked.Ticks % given.Ticks == 0 ? asked : given;
        (DateTimeOffset From, long Count)[] bars = [.. counted.GroupBy(bar => bar.From.AddTicks(-(bar.From.UtcTicks % width.Ticks))).Select(group => (group.Key, group.Sum(bar => bar.Count)))];
        ShowHistogram(bars, width);
        if (answer.TryGetProperty("values", out JsonElement values))
        {
            ShowValues(answer, values);
        }

        if (wanted is { } other && other != width)
        {
            Console.Error.WriteLine(Terminal.Clean($"Note: the server counted in intervals of {NameOf(width)}, not of {NameOf(other)}."));
        }

        if (answer.GetProperty("untimed").GetInt64() is > 0 and var untimed)
        {
            Console.Error.WriteLine($"Note: {QueryOptions.Grouped(untimed)} entries have no time that can be read, and no bar.");
        }

        if (answer.GetProperty("counted_from").GetInt64() is > 0 and var from)
        {
            Console.Error.WriteLine($"Note: entries before index {QueryOptions.Grouped(from)} were not counted; narrow the query or the time.");
        }

        Console.Error.WriteLine(Terminal.Clean($"{CommandOptions.TotalOf(answer)} in all, as of size {answer.GetProperty("as_of")}; intervals of {NameOf(width)}, in UTC."));
    }

    private static void ShowHistogram((DateTimeOffset From, long Count)[] bars, TimeSpan width)
    {
        string format = width >= TimeSpan.FromDays(1) ? "yyyy-MM-dd" : width >= TimeSpan.FromMinutes(1) ? "yyyy-MM-dd'T'HH:mm'Z'" : "yyyy-MM-dd'T'HH:mm:ss'Z'";
        long most = bars.Length == 0 ? 0 : bars.Max(bar => bar.Count);
        int digits = QueryOptions.Grouped(most).Length;
        DateTimeOffset? next = null;
        foreach ((DateTimeOffset from, long count) in bars.TakeLast(MostBars))
        {
            long empty = next is null ? 0 : (from - next.Value).Ticks / width.Ticks;
            for (int i = 0; i < empty && empty <= MostEmpty; i++)
            {
                ShowBar((next!.Value + (width * i)).UtcDateTime.ToString(format, CultureInfo.InvariantCulture), 0, most, digits);
            }

            if (empty > MostEmpty)
            {
                Painter.WriteLine((Ink.Faint, $"({QueryOptions.Grouped(empty)} intervals without any)"));
            }

            ShowBar(from.UtcDateTime.ToString(format, CultureInfo.InvariantCulture), count, most, digits);
            next = from + width;
        }

        if (bars.Length > MostBars)
        {
            Console.Error.WriteLine($"Note: the last {MostBars} of {bars.Length} intervals are shown; --json has all of them.");
        }
    }

    private static void ShowValues(JsonElement answer, JsonElement values)
    {
        (string Value, long Count)[] counted = [.. values.EnumerateArray().Select(value => (Terminal.Clean(value.GetProperty("value").GetString()!), value.GetProperty("count").GetInt64()))];
        Console.WriteLine();
        Painter.WriteLine((Ink.Strong, $"By {answer.GetProperty("by").GetString()}"));
        long most = counted.Length == 0 ? 0 : counted.Max(value => value.Count);
        int digits = QueryOptions.Grouped(most).Length;
        int name = counted.Length == 0 ? 0 : Math.Min(counted.Max(value => Terminal.WidthOf(value.Value)), Painter.IsTerminal ? Math.Max(12, Painter.Width / 2) : int.MaxValue);
        foreach ((string value, long count) in counted)
        {
            ShowBar(Terminal.Column(value, name), count, most, digits);
        }

        if (answer.GetProperty("other_values").GetInt64() is > 0 and var others)
        {
            Painter.WriteLine((Ink.Faint, $"{QueryOptions.Grouped(others)} with other values{(answer.GetProperty("values_exact").GetBoolean() ? "" : "; there are more different ones than are told apart, so that the counts above are the least that they can be")}"));
        }
    }

    private static void ShowBar(string name, long count, long most, int digits)
    {
        int room = Math.Max(8, Painter.Width - Terminal.WidthOf(name) - digits - 4);
        int eighths = most == 0 ? 0 : (int)Math.Ceiling((double)count / most * room * 8);
        string bar = new string(Bars[^1], eighths / 8) + (eighths % 8 == 0 ? "" : Bars[(eighths % 8) - 1]);
        Painter.WriteLine((Ink.Faint, name), (Ink.Plain, "  " + QueryOptions.Grouped(count).PadLeft(digits) + "  "), (Ink.Cyan, bar));
    }

    private static string NameOf(TimeSpan width) => width switch
    {
        { TotalDays: >= 1 } when width.Ticks % TimeSpan.TicksPerDay == 0 => $"{width.TotalDays:0} d",
        { TotalHours: >= 1 } when width.Ticks % TimeSpan.TicksPerHour == 0 => $"{width.TotalHours:0} h",
        { TotalMinutes: >= 1 } when width.Ticks % TimeSpan.TicksPerMinute == 0 => $"{width.TotalMinutes:0} min",
        _ => $"{width.TotalSeconds:0} s",
    };

    private static TimeSpan? SpanOf(string text)
    {
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < 1)
        {
            return null;
        }

        return text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            'w' => TimeSpan.FromDays(7L * number),
            _ => null,
        };
    }
}
