using System.CommandLine;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Privacy;
using Indelible.Engine.Storage;
using Indelible.Server;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible keys rewrap</c>: exchanges the master key of a data folder that no node runs on.</summary>
internal static class RewrapCommand
{
    public static Command Make()
    {
        Option<string> data = CommandOptions.Data();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("rewrap", "Exchange the master key of a data folder; the server is stopped meanwhile") { data, json };
        command.SetAction(parsed => Run(new DataFolder(parsed.GetValue(data)!), parsed.GetValue(json)));
        return command;
    }

    private static int Run(DataFolder folder, bool asJson)
    {
        MasterKeyRewrap done;
        try
        {
            done = MasterKeyRewrap.Run(folder, RandomSource.System);
        }
        catch (StorageException e)
        {
            Console.Error.WriteLine(Terminal.Clean(e.Message));
            return e.Outcome switch
            {
                StorageOutcome.Damaged => ExitCode.NotValid,
                StorageOutcome.Unknown => ExitCode.CouldNotTell,
                _ => ExitCode.Usage,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return CommandOptions.Fail(e.Message);
        }

        if (asJson)
        {
            using Stream output = Console.OpenStandardOutput();
            using Utf8JsonWriter json = JsonText.Writer(output);
            json.WriteStartObject();
            json.WriteNumber("signing_keys", done.SigningKeys);
            json.WriteNumber("data_keys", done.DataKeys);
            json.WriteEndObject();
            json.Flush();
            output.WriteByte((byte)'\n');
            return ExitCode.Done;
        }

        Console.WriteLine($"There is a new master key; {done.SigningKeys} signing keys and {done.DataKeys} data keys are wrapped by it, and the old one is destroyed.");
        Console.WriteLine("Keep a copy of the new one where no backup is. Backups made before open by the old one alone: make the next one in a new folder, and destroy the old ones with every copy of the old key when it is not needed any more.");
        return ExitCode.Done;
    }
}
