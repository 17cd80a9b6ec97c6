using System.CommandLine;
using System.Globalization;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible export</c>: everything that matches a query as a file with its manifest, or the whole log as static files that any web server can serve.</summary>
internal static class ExportCommand
{
    public static Command Make()
    {
        var query = new QueryOptions(hasWords: false);
        Option<string> log = CommandOptions.Log();
        var format = new Option<string>("--format")
        {
            Description = "ndjson: an entry a line, with its index and leaf hash; csv, parquet: a table; ocsf: events of that schema, one a line; tiles: the whole log as checkpoint, hash tiles and entry bundles (c2sp.org/tlog-tiles)",
            DefaultValueFactory = _ => "ndjson",
        };
        format.AcceptOnlyFromAmong("ndjson", "csv", "parquet", "ocsf", "tiles");
        var fields = new Option<string?>("--fields") { Description = "The columns of csv and parquet: fields as in a query, with commas between (docs/export.md)" };
        var proofs = new Option<bool>("--proofs") { Description = "With ndjson: each entry's inclusion proof beside it, for 'indelible verify --export'" };
        var asOf = new Option<long?>("--as-of") { Description = "Of the first so many entries: an earlier answer names its size" };
        var output = new Option<string>("--out") { Description = "The file, to which FILE.manifest.json is added; - for standard output. Of tiles: the folder", DefaultValueFactory = _ => "-" };
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("export", "Export entries that match a query, or a whole log (needs a reader's or auditor's key)") { log, format, fields, proofs, asOf, output, url, key, json };
        query.AddTo(command);
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api =>
        {
            string text = query.TextOf(parsed);
            string parameters = query.TimesOf(parsed) + QueryOptions.Parameter("fields", parsed.GetValue(fields)) + (parsed.GetValue(proofs) ? "&proofs=true" : "")
                + QueryOptions.Parameter("as_of", parsed.GetValue(asOf)?.ToString(CultureInfo.InvariantCulture));
            if (parsed.GetValue(format) == "tiles")
            {
                return text.Length + parameters.Length == 0
                    ? TileExport.RunAsync(api, parsed.GetValue(log)!, parsed.GetValue(output)!, cancel)
                    : Task.FromResult(CommandOptions.Fail("--format tiles: a log's files are all of it, as of its latest checkpoint; choose another format to choose entries."));
            }

            string path = $"api/logs/{Uri.EscapeDataString(parsed.GetValue(log)!)}/export?q={Uri.EscapeDataString(text)}&format={parsed.GetValue(format)}{parameters}";
            var export = new FileExport(api, parsed.GetValue(log)!, parsed.GetValue(output)!, parsed.GetValue(json));
            return QueryOptions.ExplainAsync(text, () => export.RunAsync(path, cancel));
        }));
        return command;
    }
}
