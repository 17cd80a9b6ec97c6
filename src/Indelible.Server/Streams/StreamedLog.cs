using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Server.Access;
using Indelible.Server.Endpoints;
using Indelible.Server.Export;
using Indelible.Server.Export.Ocsf;

namespace Indelible.Server.Streams;

/// <summary>One entry, as it is sent.</summary>
/// <param name="Log">Its log.</param>
/// <param name="Index">Its leaf index.</param>
/// <param name="Id">What it is known by for ever: the log's origin, <c>#</c>, its index.</param>
/// <param name="Json">What is sent of it: one line, without the line feed.</param>
/// <param name="Facts">What a syslog message says of it.</param>
internal sealed record StreamItem(string Log, long Index, string Id, ReadOnlyMemory<byte> Json, StreamItemFacts Facts);

/// <summary>What a syslog message says of an entry besides its text.</summary>
/// <param name="Time">When it happened.</param>
/// <param name="Action">What was done.</param>
/// <param name="HasFailed">Whether it came to nothing.</param>
/// <param name="Severity">Of an alert; null of other entries.</param>
internal readonly record struct StreamItemFacts(string Time, string Action, bool HasFailed, string? Severity);

/// <summary>A log as a stream shows it: the one place that decides which entries leave, and what of them.</summary>
/// <remarks>
/// A stream is a reader without a row limit, to whom personal values are shown or not; what that means is <see cref="VisibleEntries"/>' to say, as for exports. What is sent is made of the log each time it is
/// tried: of somebody who was erased meanwhile nothing is left in a batch that waited.
/// </remarks>
internal sealed class StreamedLog
{
    private readonly LogReader _log;
    private readonly StreamDefinition _stream;
    private readonly VisibleEntries _entries;
    private readonly ExportSource _source;
    private readonly ArrayBufferWriter<byte> _buffer = new();

    public StreamedLog(LogReader log, StreamDefinition stream)
    {
        (_log, _stream) = (log, stream);
        _entries = new VisibleEntries(log, [new Sight(null, null, stream.IsClear ? PersonalView.Shown : PersonalView.Hidden)]);
        _source = new ExportSource(log, _entries, null);
    }

    /// <summary>What an entry of a log is known by for ever.</summary>
    public static string IdOf(LogReader log, long index) => string.Create(CultureInfo.InvariantCulture, $"{log.Settings.Origin}#{index}");

    /// <summary>What is sent of an entry; null where it is not one of the stream's.</summary>
    public StreamItem? Show(long index, ReadOnlyMemory<byte> entry)
    {
        if (!_entries.TrySee(entry, out ReadOnlyMemory<byte> view) || !_stream.Query.Matches(view.Span))
        {
            return null;
        }

        using var row = new ExportRow(_source, index, view);
        string id = IdOf(_log, index);
        _buffer.ResetWrittenCount();
        using (Utf8JsonWriter json = JsonText.Writer(_buffer))
        {
            if (_stream.Format == StreamFormat.Ocsf)
            {
                OcsfEvent.Write(json, row);
            }
            else
            {
                json.WriteStartObject();
                json.WriteString("id", id);
                json.WriteString("log", _log.Settings.Name);
                EntryItem.WriteMembers(json, _log, _entries, index, entry, view);
                json.WriteEndObject();
            }
        }

        return new StreamItem(_log.Settings.Name, index, id, _buffer.WrittenSpan.ToArray(), FactsOf(row.Json));
    }

    private static StreamItemFacts FactsOf(JsonElement entry) => new(
        TextOf(entry, "time") ?? "",
        TextOf(entry, "action") ?? "",
        TextOf(entry, "outcome") == "failure",
        TextOf(entry, "action") == "indelible.alert.raise" && entry.TryGetProperty("data", out JsonElement data) ? TextOf(data, "severity") : null);

    private static string? TextOf(JsonElement of, string member) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
