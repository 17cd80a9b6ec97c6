namespace Indelible.Cli.Tables;

/// <summary>Entries as lines of columns: as wide as they need, and on a terminal no wider than that.</summary>
internal sealed class EntryTable
{
    private const string Gap = "  ";

    private readonly IReadOnlyList<EntryColumn> _columns;
    private readonly bool _isWide;
    private int[]? _widths;   // fixed with the first lines, so that later ones stand below them; 0 for a column without room

    /// <param name="columns">The columns.</param>
    /// <param name="isWide">Whether nothing is cut, however long the lines get. So it is where no terminal shows them: what is cut cannot be looked for.</param>
    public EntryTable(IReadOnlyList<EntryColumn> columns, bool isWide)
    {
        _columns = columns;
        _isWide = isWide || !Painter.IsTerminal;
    }

    /// <summary>Writes entries; before the first on a terminal, what the columns are called.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="marked">The index of one that stands out among them, as text; null where none does.</param>
    public void Write(IEnumerable<ShownEntry> entries, string? marked = null)
    {
        (string Mark, string[] Line)[] lines =
            [.. entries.Select(entry => (entry.Index == marked ? "> " : "  ", _columns.Select(column => Terminal.Clean(column.Read(entry))).ToArray()))];
        if (lines.Length == 0)
        {
            return;
        }

        if (_widths is null)
        {
            Begin([.. _columns.Select((column, i) => Math.Max(Terminal.WidthOf(column.Name), lines.Max(line => Terminal.WidthOf(line.Line[i]))))], marked is null ? "" : "  ");
        }

        foreach ((string mark, string[] line) in lines)
        {
            Write(marked is null ? "" : mark, line, (i, text) => _columns[i].InkOf(text));
        }
    }

    /// <summary>Writes an entry that comes alone, before anybody knows how long those behind it are.</summary>
    public void WriteNext(ShownEntry entry)
    {
        if (_widths is null)
        {
            Begin([.. _columns.Select(column => column.Usual)], "");
        }

        Write("", [.. _columns.Select(column => Terminal.Clean(column.Read(entry)))], (i, text) => _columns[i].InkOf(text));
    }

    private void Begin(int[] wanted, string indent)
    {
        _widths = _isWide ? wanted : Fit(wanted, Painter.Width - indent.Length);
        if (Painter.IsTerminal)
        {
            Write(indent, [.. _columns.Select(column => column.Name)], (_, _) => Ink.Faint);
        }
    }

    /// <summary>Takes from the widest columns first; where all are as narrow as they may be, the last ones go.</summary>
    private int[] Fit(int[] wanted, int room)
    {
        int[] widths = [.. wanted];
        int shown = widths.Length;
        while (widths.Sum() + (Gap.Length * (shown - 1)) > room)
        {
            int widest = Enumerable.Range(0, widths.Length).Where(i => widths[i] > _columns[i].Least).OrderByDescending(i => widths[i]).FirstOrDefault(-1);
            if (widest >= 0)
            {
                widths[widest]--;
            }
            else if (shown == 1)
            {
                break;
            }
            else
            {
                widths[--shown] = 0;
            }
        }

        return widths;
    }

    private void Write(string mark, string[] line, Func<int, string, Ink> inkOf)
    {
        var parts = new List<(Ink, string)> { (Ink.Plain, mark) };
        for (int i = 0; i < line.Length; i++)
        {
            if (_widths![i] > 0)
            {
                string text = _isWide && Terminal.WidthOf(line[i]) >= _widths[i] ? line[i] : Terminal.Column(line[i], _widths[i]);
                parts.Add((inkOf(i, line[i]), text));
                parts.Add((Ink.Plain, Gap));
            }
        }

        Painter.WriteLine(parts);
    }
}
