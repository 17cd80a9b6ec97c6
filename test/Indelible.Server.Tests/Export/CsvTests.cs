using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Indelible.Server.Export;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Export;

/// <summary>CSV: what RFC 4180 asks for, nothing that a spreadsheet computes, nothing unseen, and all of it can be taken back.</summary>
public sealed partial class CsvTests(TestServer server) : IClassFixture<TestServer>
{
    private static readonly string[] s_hostile =
    [
        "=HYPERLINK(\"http://elsewhere.example\",\"x\")", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "'=1", "'", "\uff1d1", "a;=1", "a; +1", "a,b", "a\"b", "\"", "\u202eevil", "a\u0000b", "\\u202e", "\\\\u",
        "\\", "x\r\ny", "\U0001f600", "日本語", "-", "=", "e\u0301", "\u2028", "",
    ];

    private static readonly Gen<string> s_part = Gen.Int[0, s_hostile.Length - 1].Select(i => s_hostile[i]);

    // No half of a pair stands alone in an event.
    private static readonly Gen<string> s_text = Gen.OneOf(s_part, Gen.String, Gen.Char["=+-@'\";,\\u \t\r\n\u202e\uff1dab0"].Array[0, 12].Select(chars => new string(chars)), s_part.Array[1, 4].Select(string.Concat))
        .Where(text => text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar));

    [Fact]
    public void Any_text_comes_back_and_no_cell_is_a_formula_or_hides_anything() => s_text.Array[1, 6].Sample(texts =>
    {
        var line = new StringBuilder();
        foreach ((int i, string text) in texts.Index())
        {
            CsvText.AppendCell(i == 0 ? line : line.Append(','), text);
        }

        IReadOnlyList<string> cells = Assert.Single(Read(line.ToString() + "\r\n"));
        Assert.Equal(texts, cells.Select(TakeBack));
        Assert.All(cells, cell => Assert.False(cell.TrimStart(' ').IndexOfAny([.. "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"]) == 0 && !NegativeNumber().IsMatch(cell), cell));
        Assert.True(VisibleText.IsVisible(line.ToString()), line.ToString());

        // Divided at semicolons, as where that is the list separator: no part is a formula either.
        Assert.All(line.ToString().Split(';'), part => Assert.False(part.TrimStart(' ').IndexOfAny([.. "=+-@\uff1d\uff0b\uff0d\uff20"]) == 0 && !NegativeNumber().IsMatch(part.Split(',')[0]), part));
    });

    [Fact]
    public async Task Hostile_values_are_guarded_wherever_they_come_from()
    {
        TestLog log = await server.NewLogAsync();
        foreach ((int i, string text) in s_hostile.Index().Where(text => text.Item.Length > 0))
        {
            string json = JsonSerializer.Serialize(text);
            Answer answer = await log.AppendAsync(TestLog.Event($"e-{i}", ("message", json), ("targets", $$"""[{"type":"file","id":{{json}}}]"""), ("labels", $$"""{"x":{{json}}}"""), ("actor.name", json), ("data", """{"n":-5,"x":-1.5e3}""")));
            Assert.True(answer.Status == 201, $"{json}: {answer.Text}");
        }

        Exported export = await Exported.TakeAsync(log, "?format=csv&fields=message,targets.id,labels.x,actor.name,data.n,index");

        List<IReadOnlyList<string>> rows = Read(export.Answer.Text);
        Assert.Equal(["message", "targets.id", "labels.x", "actor.name", "data.n", "index"], rows[0]);
        Assert.Equal(s_hostile.Where(text => text.Length > 0), rows.Skip(1).Select(row => TakeBack(row[0])));
        Assert.All(rows.Skip(1), row => Assert.Equal((row[0], row[0], row[0]), (row[1], row[2], row[3])));
        Assert.All(rows.Skip(1), row => Assert.Equal("-5", row[4]));
        Assert.All(export.Answer.Text.Split("\r\n"), line => Assert.True(VisibleText.IsVisible(line)));
        Assert.Equal("text/csv", export.Answer.ContentHeaders.ContentType?.MediaType);
    }

    [Fact]
    public async Task The_usual_columns_hold_what_their_names_say()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync(TestLog.Event(
            "a",
            ("actor.roles", """["nurse","night, shift"]"""),
            ("targets", """[{"type":"invoice","id":"i-1"},{"type":"invoice","id":"i-2"}]"""),
            ("source.ip", "\"192.0.2.7\""),
            ("decision.effect", "\"deny\""),
            ("data", """{"order":{"total":5},"note":{"$redacted":"secret"}}"""),
            ("labels", """{"team":"blue"}"""),
            ("reason.break_glass", "true")));

        Exported export = await Exported.TakeAsync(log, "?format=csv");

        List<IReadOnlyList<string>> rows = Read(export.Answer.Text);
        Dictionary<string, string> row = rows[0].Zip(rows[1]).ToDictionary(cell => cell.First, cell => TakeBack(cell.Second));
        JsonElement item = (await log.GetAsync("events")).Json.GetProperty("items")[0];
        Assert.Equal(export.Manifest.Fields, rows[0]);
        Assert.Equal("2026-11-23T06:14:25Z", row["time"]);
        Assert.Equal(item.GetProperty("entry").GetProperty("received_at").GetString(), row["received_at"]);
        Assert.Equal("0", row["index"]);
        Assert.Equal("nurse; night, shift", row["actor.roles"]);
        Assert.Equal("invoice/i-1; invoice/i-2", row["targets"]);
        Assert.Equal("192.0.2.7", row["source.ip"]);
        Assert.Equal("deny", row["decision.effect"]);
        Assert.Equal("""{"note":"[redacted]","order":{"total":5}}""", row["data"]);
        Assert.Equal("""{"team":"blue"}""", row["labels"]);
        Assert.Equal("true", row["reason.break_glass"]);
        Assert.Equal(Convert.ToHexStringLower(item.GetProperty("leaf_hash").GetBytesFromBase64()), row["leaf_hash"]);
        Assert.Equal("", row["message"]);
    }

    /// <summary>A reader of RFC 4180 that knows nothing of how it was written.</summary>
    private static List<IReadOnlyList<string>> Read(string text)
    {
        var rows = new List<IReadOnlyList<string>>();
        var row = new List<string>();
        var cell = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '"' && cell.Length == 0)
            {
                for (i++; text[i] != '"' || (i + 1 < text.Length && text[i + 1] == '"'); i++)
                {
                    i += text[i] == '"' ? 1 : 0;
                    cell.Append(text[i]);
                }

                Assert.Contains(text[i + 1], ",\r");
            }
            else if (text[i] is ',' or '\r')
            {
                row.Add(cell.ToString());
                cell.Clear();
                if (text[i] == '\r')
                {
                    Assert.Equal('\n', text[++i]);
                    rows.Add(row);
                    row = [];
                }
            }
            else
            {
                Assert.NotEqual('"', text[i]);
                cell.Append(text[i]);
            }
        }

        Assert.Empty(row);
        return rows;
    }

    /// <summary>What docs/export.md says of taking a text back.</summary>
    private static string TakeBack(string cell) =>
        Escape().Replace(cell.StartsWith('\'') ? cell[1..] : cell, match => ((char)int.Parse(match.ValueSpan[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString());

    [GeneratedRegex(@"^-[0-9]*\.?[0-9]*$")]
    private static partial Regex NegativeNumber();

    [GeneratedRegex(@"\\u[0-9a-f]{4}")]
    private static partial Regex Escape();
}
