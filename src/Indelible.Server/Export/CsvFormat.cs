using System.Buffers;
using System.Text;

namespace Indelible.Server.Export;

/// <summary>A table as CSV: RFC 4180, a line of names first; see <see cref="CsvText"/> for the cells.</summary>
internal sealed class CsvFormat(IReadOnlyList<ExportColumn> columns) : IExportFormat
{
    private readonly StringBuilder _line = new();

    /// <inheritdoc/>
    public string ContentType => "text/csv; charset=utf-8; header=present";

    /// <inheritdoc/>
    public IReadOnlyList<string> Fields => [.. columns.Select(column => column.Name)];

    /// <inheritdoc/>
    public void Begin(IBufferWriter<byte> output) => Write(output, column => column.Name);

    /// <inheritdoc/>
    public void Add(IBufferWriter<byte> output, ExportRow row) => Write(output, column => column.Read(row));

    /// <inheritdoc/>
    public void End(IBufferWriter<byte> output)
    {
    }

    private void Write(IBufferWriter<byte> output, Func<ExportColumn, string?> cell)
    {
        _line.Clear();
        for (int i = 0; i < columns.Count; i++)
        {
            CsvText.AppendCell(i == 0 ? _line : _line.Append(','), cell(columns[i]));
        }

        Encoding.UTF8.GetBytes(_line.Append("\r\n").ToString(), output);
    }
}
