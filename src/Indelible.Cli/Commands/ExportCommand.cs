using System.CommandLine;
using Indelible.Client;
using Indelible.Notes;
using Indelible.Tiles;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible export</c>: a log's entries as lines, or the whole log as static files that any web server can serve.</summary>
internal static class ExportCommand
{
    public static Command Make()
    {
        Option<string> log = CommandOptions.Log();
        var format = new Option<string>("--format") { Description = "ndjson: the entries, one a line; tiles: checkpoint, hash tiles and entry bundles as c2sp.org/tlog-tiles lays them out", DefaultValueFactory = _ => "ndjson" };
        format.AcceptOnlyFromAmong("ndjson", "tiles");
        var output = new Option<string>("--out") { Description = "The file (ndjson; - for standard output) or the folder (tiles)", DefaultValueFactory = _ => "-" };
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        var command = new Command("export", "Export a log (needs a reader's key)") { log, format, output, url, key };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api =>
            parsed.GetValue(format) == "tiles"
                ? TilesAsync(api, parsed.GetValue(log)!, parsed.GetValue(output)!, cancel)
                : LinesAsync(api, parsed.GetValue(log)!, parsed.GetValue(output)!, cancel)));
        return command;
    }

    private static async Task<int> LinesAsync(ApiClient api, string log, string path, CancellationToken cancellationToken)
    {
        Checkpoint checkpoint = Checkpoint.Parse(SignedNote.Parse(await api.GetBytesAsync(Prefix(log) + "checkpoint", cancellationToken)).Text.Span);
        await using Stream output = path == "-" ? Console.OpenStandardOutput() : File.Create(path);
        foreach (BundleId bundle in TileLayout.Bundles(checkpoint.Size))
        {
            foreach (ReadOnlyMemory<byte> entry in await BundleAsync(api, log, bundle, cancellationToken))
            {
                await output.WriteAsync(entry, cancellationToken);
                output.WriteByte((byte)'\n');
            }
        }

        Console.Error.WriteLine($"{checkpoint.Size} entries of {checkpoint.Origin}, as of its checkpoint of that size.");
        return ExitCode.Done;
    }

    private static async Task<int> TilesAsync(ApiClient api, string log, string folder, CancellationToken cancellationToken)
    {
        if (folder == "-")
        {
            return CommandOptions.Fail("--out: name the folder to write the tiles to.");
        }

        byte[] note = await api.GetBytesAsync(Prefix(log) + "checkpoint", cancellationToken);
        Checkpoint checkpoint = Checkpoint.Parse(SignedNote.Parse(note).Text.Span);
        foreach (string path in TileLayout.Tiles(checkpoint.Size).Select(tile => tile.Path).Concat(TileLayout.Bundles(checkpoint.Size).Select(bundle => bundle.Path)))
        {
            string file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, await api.GetBytesAsync(Prefix(log) + path, cancellationToken), cancellationToken);
        }

        // Behind the checkpoint: they lead to whoever has signed it. An empty one says that the key was never rotated, and need not be there.
        foreach (string list in (string[])["handovers", "receipts-handovers"])
        {
            if (await api.GetBytesAsync(Prefix(log) + list, cancellationToken) is { Length: > 0 } bytes)
            {
                Directory.CreateDirectory(folder);
                await File.WriteAllBytesAsync(Path.Combine(folder, list), bytes, cancellationToken);
            }
        }

        // Last: a folder with a checkpoint has everything that the checkpoint speaks of.
        Directory.CreateDirectory(folder);
        await File.WriteAllBytesAsync(Path.Combine(folder, "checkpoint"), note, cancellationToken);
        Console.WriteLine($"{checkpoint.Size} entries of {checkpoint.Origin} in {folder}. Verify with: indelible verify --dir {folder} --vkey VKEY");
        return ExitCode.Done;
    }

    private static async Task<IReadOnlyList<ReadOnlyMemory<byte>>> BundleAsync(ApiClient api, string log, BundleId id, CancellationToken cancellationToken) =>
        EntryBundle.TryParse(await api.GetBytesAsync(Prefix(log) + id.Path, cancellationToken), id.Width, out ReadOnlyMemory<byte>[]? entries)
            ? entries
            : throw new IOException($"The server's {id.Path} is not an entry bundle of {id.Width} entries.");

    private static string Prefix(string log) => $"logs/{Uri.EscapeDataString(log)}/";
}
