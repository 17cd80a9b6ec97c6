using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Indelible.Client;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible keys rotate</c>: hands a log, or the receipts, over to a new signing key.</summary>
internal static class RotateCommand
{
    public static Command Make()
    {
        var log = new Option<string?>("--log") { Description = "The log whose key is rotated" };
        var receipts = new Option<bool>("--receipts") { Description = "Rotate the key that signs receipts" };
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("rotate", "Hand a log, or the receipts, over to a new signing key; the old one is destroyed") { log, receipts, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api => RunAsync(api, parsed.GetValue(log), parsed.GetValue(receipts), parsed.GetValue(json), cancel)));
        return command;
    }

    private static async Task<int> RunAsync(ApiClient api, string? log, bool receipts, bool asJson, CancellationToken cancellationToken)
    {
        if (log is null != receipts)
        {
            return CommandOptions.Fail("Say which key: --log NAME, or --receipts.");
        }

        string path = log is null ? "api/receipts/rotate" : $"api/logs/{Uri.EscapeDataString(log)}/rotate";
        using JsonDocument answer = await api.PostAsync(path, [], cancellationToken);
        JsonElement done = answer.RootElement;
        if (asJson)
        {
            Console.WriteLine(done.GetRawText());
            return ExitCode.Done;
        }

        Console.WriteLine(Terminal.Clean($"old  {done.GetProperty("old_vkey").GetString()}"));
        Console.WriteLine(Terminal.Clean($"new  {done.GetProperty("new_vkey").GetString()}"));
        if (log is not null)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"Entry {done.GetProperty("index").GetInt64()} announces it; both keys have signed the head of {done.GetProperty("handover_size").GetInt64()} entries, and the old one signs nothing above."));
        }

        Console.WriteLine(done.GetProperty("old_key_destroyed").GetBoolean()
            ? "The old key's file is destroyed. Backups made before still hold it, under the master key."
            : "The old key's file could not be destroyed; the next start of the server does it.");
        Console.WriteLine("Give the new key to everybody who verifies, by another way than this server. Whoever still pins the old one follows the handover, by the old key's word alone. Make a backup now.");
        return ExitCode.Done;
    }
}
