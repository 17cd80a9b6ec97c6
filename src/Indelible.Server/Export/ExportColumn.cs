using System.Globalization;
using System.Text.Json;
using Indelible.Search;

namespace Indelible.Server.Export;

/// <summary>What the values of a column are.</summary>
internal enum ColumnKind
{
    /// <summary>Any text.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>An instant in UTC.</summary>
    Instant,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Boolean,
}

/// <summary>A column of a table of entries.</summary>
/// <remarks>
/// A path is read as the query language reads it: lists are no step of it, and several values stand side by side, with <see cref="Separator"/> between. An
/// object, or a list of objects, at the path's end is JSON.
/// </remarks>
internal sealed class ExportColumn
{
    /// <summary>What stands between values that share a cell.</summary>
    public const string Separator = "; ";

    /// <summary>The most columns that may be chosen: 128.</summary>
    public const int MaxColumns = 128;

    private static readonly ExportColumn[] s_typed =
    [
        new("index", ColumnKind.Integer, row => row.Index.ToString(CultureInfo.InvariantCulture)),
        
        // In hex, as verifiers print it: a cell in base64 may begin like a formula.
        new("leaf_hash", ColumnKind.Text, row => row.LeafHash.ToString()),
        new("targets", ColumnKind.Text, TargetsOf),
        .. ((string[])["time", "received_at", "observed_time"]).Select(path => new ExportColumn(path, ColumnKind.Instant)),
        .. ((string[])["request.status", "request.duration_ms", "request.bytes_in", "request.bytes_out", "source.port", "producer.seq"]).Select(path => new ExportColumn(path, ColumnKind.Integer)),
        .. ((string[])["reason.break_glass", "actor.privileged", "auth.mfa"]).Select(path => new ExportColumn(path, ColumnKind.Boolean)),
    ];

    private readonly string[]? _path;
    private readonly Func<ExportRow, string?>? _read;

    private ExportColumn(string name, ColumnKind kind, Func<ExportRow, string?> read)
    {
        Name = name;
        Kind = kind;
        _read = read;
    }

    private ExportColumn(string path, ColumnKind kind, IReadOnlyList<string>? names = null)
    {
        Name = path;
        Kind = kind;
        _path = names is null ? path.Split('.') : [.. names];
    }

    /// <summary>The columns, if whoever exports does not choose.</summary>
    public static IReadOnlyList<ExportColumn> Default { get; } =
    [
        .. ((string[])
        [
            "time", "received_at", "index", "id", "action", "category", "operation", "outcome", "outcome_code", "outcome_reason", "decision.effect", "decision.policy", "decision.rule", "decision.reason",
            "actor.id", "actor.type", "actor.name", "actor.email", "actor.roles", "targets", "source.ip", "source.hostname", "source.user_agent", "service.name", "service.environment",
            "auth.session_id", "trace.trace_id", "trace.correlation_id", "request.id", "request.method", "request.route", "request.path", "request.status", "request.duration_ms", "request.bytes_out",
            "reason.text", "reason.ticket", "reason.break_glass", "message", "labels", "data", "leaf_hash",
        ]).Select(name => TryParse(name, out ExportColumn? column, out _) ? column! : throw new InvalidOperationException(name)),
    ];

    /// <summary>Its name: where it is of one member, that member's full path.</summary>
    public string Name { get; }

    /// <summary>What its values are.</summary>
    public ColumnKind Kind { get; }

    /// <summary>Reads a column's name: one of ours, or the path of a field as in a query.</summary>
    /// <param name="text">Untrusted.</param>
    /// <param name="column">The column, or null.</param>
    /// <param name="error">What is wrong, or null.</param>
    public static bool TryParse(string text, out ExportColumn? column, out QueryError? error)
    {
        error = null;
        column = s_typed.FirstOrDefault(one => one.Name == text);
        if (column is null && Field.TryParse(text, out Field? field, out error))
        {
            // A short name stands for a path, which may be one of a type of its own.
            column = s_typed.FirstOrDefault(one => one.Name == field.ToString()) ?? new ExportColumn(field.ToString(), ColumnKind.Text, field.Names);
        }

        return column is not null;
    }

    /// <summary>The value in an entry, as text; null where there is none.</summary>
    public string? Read(ExportRow row) => _read is not null ? _read(row) : Read(row.Json, _path!);

    /// <summary>The value at a path of an entry, as text; null where there is none.</summary>
    /// <param name="entry">As its reader may see it.</param>
    /// <param name="path">The member names that lead to it.</param>
    public static string? Read(JsonElement entry, IReadOnlyList<string> path)
    {
        var values = new List<string>();
        Visit(entry, path as string[] ?? [.. path], values.Add);
        return values.Count switch { 0 => null, 1 => values[0], _ => string.Join(Separator, values) };
    }

    private static void Visit(JsonElement value, ReadOnlySpan<string> rest, Action<string> found)
    {
        if (VisibleValue.WordFor(value) is { } word)
        {
            found(word);
        }
        else if (rest.Length > 0 && value.ValueKind == JsonValueKind.Object)
        {
            if (value.TryGetProperty(rest[0], out JsonElement member))
            {
                Visit(member, rest[1..], found);
            }
        }
        else if (value.ValueKind == JsonValueKind.Array && (rest.Length > 0 || value.EnumerateArray().All(item => item.ValueKind != JsonValueKind.Object || VisibleValue.WordFor(item) is not null)))
        {
            foreach (JsonElement item in value.EnumerateArray())
            {
                Visit(item, rest, found);
            }
        }
        else if (rest.Length == 0)
        {
            found(value.ValueKind == JsonValueKind.String ? value.GetString()! : value.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? VisibleValue.ToJson(value) : value.GetRawText());
        }
    }

    private static string? TargetsOf(ExportRow row) => row.Json.TryGetProperty("targets", out JsonElement targets)
        ? string.Join(Separator, targets.EnumerateArray().Select(target => $"{target.GetProperty("type").GetString()}/{target.GetProperty("id").GetString()}"))
        : null;
}
