using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using Indelible.Events;
using Parquet;
using Parquet.Schema;

namespace Indelible.Server.Export;

/// <summary>A table as Parquet: typed columns, zstd, one row group after the other, so that no more than one is in memory.</summary>
/// <remarks>Columns are named as in a query, dots and all. Times are microseconds in UTC: a seventh digit is cut off.</remarks>
internal sealed class ParquetFormat : IExportFormat, IDisposable
{
    /// <summary>The media type (IANA).</summary>
    public const string MediaType = "application/vnd.apache.parquet";

    private static readonly ParquetOptions s_options = new() { CompressionMethod = CompressionMethod.Zstd, CompressionLevel = CompressionLevel.Fastest };

    private readonly List<(ExportColumn Column, DataField Field, List<string?> Values)> _columns;
    private readonly ForwardStream _stream = new();
    private ParquetWriter? _writer;
    private int _rows;
    private long _textBytes;

    /// <summary>A writer of a file.</summary>
    /// <param name="columns">Its columns.</param>
    public ParquetFormat(IReadOnlyList<ExportColumn> columns) => _columns = [.. columns.Select(column => (column, FieldOf(column), new List<string?>()))];

    /// <inheritdoc/>
    public string ContentType => MediaType;

    /// <inheritdoc/>
    public IReadOnlyList<string> Fields => [.. _columns.Select(column => column.Column.Name)];

    /// <inheritdoc/>
    public void Begin(IBufferWriter<byte> output)
    {
        _stream.Output = output;
        _writer = Wait(ParquetWriter.CreateAsync(new ParquetSchema([.. _columns.Select(column => column.Field)]), _stream, s_options));
    }

    /// <inheritdoc/>
    public void Add(IBufferWriter<byte> output, ExportRow row)
    {
        foreach ((ExportColumn column, _, List<string?> values) in _columns)
        {
            string? value = column.Read(row);
            values.Add(value);
            _textBytes += (value?.Length ?? 0) * sizeof(char);
        }

        if (++_rows >= ServerLimits.RowGroupRows || _textBytes >= ServerLimits.RowGroupBytes)
        {
            WriteRowGroup(output);
        }
    }

    /// <inheritdoc/>
    public void End(IBufferWriter<byte> output)
    {
        if (_rows > 0)
        {
            WriteRowGroup(output);
        }

        _stream.Output = output;
        Wait(DisposeAsync());
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static DataField FieldOf(ExportColumn column) => column.Kind switch
    {
        ColumnKind.Integer => new DataField(column.Name, typeof(long), isNullable: true),
        ColumnKind.Boolean => new DataField(column.Name, typeof(bool), isNullable: true),
        ColumnKind.Instant => new DateTimeDataField(column.Name, DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Micros, isNullable: true),
        _ => new DataField(column.Name, typeof(string), isNullable: true),
    };

    private static long? IntegerOf(string? text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static bool? BooleanOf(string? text) => text switch { "true" => true, "false" => false, _ => null };

    private static DateTime? TimeOf(string? text) => text is not null && Instant.TryParse(text, out DateTimeOffset time) ? time.UtcDateTime : null;

    /// <summary>The library's methods are asynchronous for the sake of streams that are; ours is not, so nobody waits.</summary>
    private static T Wait<T>(Task<T> done) => done.GetAwaiter().GetResult();

    private async Task<bool> DisposeAsync()
    {
        await _writer!.DisposeAsync();
        return true;
    }

    private void WriteRowGroup(IBufferWriter<byte> output)
    {
        _stream.Output = output;
        Wait(WriteRowGroupAsync());
        _columns.ForEach(column => column.Values.Clear());
        _rows = 0;
        _textBytes = 0;
    }

    private async Task<bool> WriteRowGroupAsync()
    {
        using ParquetRowGroupWriter group = _writer!.CreateRowGroup();
        foreach ((ExportColumn column, DataField field, List<string?> values) in _columns)
        {
            switch (column.Kind)
            {
                case ColumnKind.Integer:
                    await group.WriteAsync<long>(field, values.Select(IntegerOf).ToArray());
                    break;
                case ColumnKind.Boolean:
                    await group.WriteAsync<bool>(field, values.Select(BooleanOf).ToArray());
                    break;
                case ColumnKind.Instant:
                    await group.WriteAsync<DateTime>(field, values.Select(TimeOf).ToArray());
                    break;
                default:
                    await group.WriteAsync(field, values!);
                    break;
            }
        }

        group.CompleteValidate();
        return true;
    }

    /// <summary>Passes bytes on as they come. The format is written from its beginning to its end: nothing goes back.</summary>
    private sealed class ForwardStream : Stream
    {
        private long _length;

        public IBufferWriter<byte>? Output { get; set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position
        {
            get => _length;
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Output!.Write(buffer);
            _length += buffer.Length;
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
