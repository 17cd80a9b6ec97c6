using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible show</c>: one entry, and its proof.</summary>
internal static class ShowCommand
{
    public static Command Make()
    {
        var index = new Argument<long>("index") { Description = "The entry's leaf index" };
        Option<string> log = CommandOptions.Log();
        var entryFile = new Option<string?>("--entry") { Description = "Write the entry's exact bytes to this file" };
        var proofFile = new Option<string?>("--proof") { Description = "Write its inclusion proof to this file; both verify offline with 'indelible verify --proof --entry'" };
        var clear = new Option<bool>("--clear") { Description = "Show personal values in clear; what is shown then is not what is hashed" };
        var openings = new Option<bool>("--openings") { Description = "Add what the personal values were sealed with, for an auditor to check" };
        var reveal = new Option<string?>("--reveal") { Description = "Show personal values where they are shown on request: say why; it is recorded" };
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        var command = new Command("show", "Show one entry (needs a reader's key)") { index, log, entryFile, proofFile, clear, openings, reveal, url, key };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            string path = $"api/logs/{Uri.EscapeDataString(parsed.GetValue(log)!)}/events/{parsed.GetValue(index)}";
            string view = parsed.GetValue(openings) ? "?openings=true" : parsed.GetValue(clear) ? "?view=clear" : "";
            if (parsed.GetValue(entryFile) is { } file)
            {
                await File.WriteAllBytesAsync(file, await api.GetBytesAsync(path, cancel), cancel);
            }

            if (parsed.GetValue(proofFile) is { } proof)
            {
                await File.WriteAllBytesAsync(proof, await api.GetBytesAsync(path + "/proof", cancel), cancel);
            }

            if (parsed.GetValue(reveal) is { } reason)
            {
                using JsonDocument revealed = await api.PostAsync(path + "/reveal", new JsonObject { ["reason"] = reason }.ToBytes(), cancel);
                Console.WriteLine(Terminal.CleanLines(revealed.RootElement.GetRawText()));
            }
            else if (parsed.GetValue(entryFile) is null || view.Length > 0)
            {
                Console.WriteLine(Terminal.CleanJson(System.Text.Encoding.UTF8.GetString(await api.GetBytesAsync(path + view, cancel))));
            }

            return ExitCode.Done;
        }));
        return command;
    }
}
