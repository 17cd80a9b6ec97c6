using Indelible.Client;
using Indelible.Notes;
using Indelible.Tiles;

namespace Indelible.Cli.Commands;

/// <summary>Exports a whole log as static files.</summary>
internal static class TileExport
{
    /// <summary>Writes them to a folder.</summary>
    public static async Task<int> RunAsync(ApiClient api, string log, string folder, CancellationToken cancellationToken)
    {
        if (folder == "-")
        {
            return CommandOptions.Fail("--out: name the folder to write the tiles to.");
        }

        string prefix = $"logs/{Uri.EscapeDataString(log)}/";
        byte[] note = await api.GetBytesAsync(prefix + "checkpoint", cancellationToken);
        Checkpoint checkpoint = Checkpoint.Parse(SignedNote.Parse(note).Text.Span);
        foreach (string path in TileLayout.Tiles(checkpoint.Size).Select(tile => tile.Path).Concat(TileLayout.Bundles(checkpoint.Size).Select(bundle => bundle.Path)))
        {
            string file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, await api.GetBytesAsync(prefix + path, cancellationToken), cancellationToken);
        }

        // Behind the checkpoint: they lead to whoever has signed it. An empty one says that the key was never rotated, and need not be there.
        foreach (string list in (string[])["handovers", "receipts-handovers"])
        {
            if (await api.GetBytesAsync(prefix + list, cancellationToken) is { Length: > 0 } bytes)
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
}
