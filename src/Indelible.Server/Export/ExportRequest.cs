using Indelible.Search;

namespace Indelible.Server.Export;

/// <summary>What is to be exported.</summary>
/// <param name="Query">Which entries.</param>
/// <param name="Time">And when they happened; null for always.</param>
/// <param name="AsOf">The tree size: entries below it.</param>
/// <param name="Format">See <see cref="Formats"/>.</param>
/// <param name="Columns">The columns, where the format has any.</param>
/// <param name="HasProofs">Whether each entry is proven.</param>
internal sealed record ExportRequest(Query Query, TimeRange? Time, long AsOf, string Format, IReadOnlyList<ExportColumn> Columns, bool HasProofs)
{
    /// <summary>The formats' names.</summary>
    public static IReadOnlyList<string> Formats { get; } = ["ndjson", "csv", "parquet", "ocsf"];

    /// <summary>Whether a format has columns.</summary>
    public static bool IsTable(string format) => format is "csv" or "parquet";

    /// <summary>A writer of the format.</summary>
    public IExportFormat MakeFormat() => Format switch
    {
        "csv" => new CsvFormat(Columns),
        "parquet" => new ParquetFormat(Columns),
        "ocsf" => new OcsfFormat(),
        _ => new NdjsonFormat(),
    };
}
