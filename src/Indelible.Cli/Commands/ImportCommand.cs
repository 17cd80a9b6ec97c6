using System.CommandLine;
using System.Text.Json;
using Indelible.Cli.Import;
using Indelible.Client;
using Indelible.Server;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible import</c>: records of other systems into a log.</summary>
internal static class ImportCommand
{
    public static Command Make()
    {
        var paths = new Argument<string[]>("path") { Description = "Files, plain or gzip", Arity = ArgumentArity.OneOrMore };
        Option<string> log = CommandOptions.Log();
        var original = new Option<string>("--original") { Description = "What becomes of each record as it came: encrypted as personal data, kept in clear (it can then never be erased), or left out", DefaultValueFactory = _ => "personal" };
        original.AcceptOnlyFromAmong("personal", "clear", "none");
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var cloudTrail = new Command("cloudtrail", "Import AWS CloudTrail files (docs/mappings/cloudtrail.md)") { paths, log, original, url, key, json };
        cloudTrail.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api => RunAsync(
            api, parsed.GetValue(log)!, parsed.GetValue(paths)!, Enum.Parse<OriginalMode>(parsed.GetValue(original)!, ignoreCase: true), parsed.GetValue(json), cancel)));
        return new Command("import", "Import records of other systems (needs a writer's key)") { cloudTrail };
    }

    private static async Task<int> RunAsync(ApiClient api, string log, string[] paths, OriginalMode original, bool asJson, CancellationToken cancellationToken)
    {
        var faults = new List<(string Position, string Pointer, string Detail)>();
        var positions = new List<ImportPosition>();
        var sender = new EventSender(api, log, original == OriginalMode.Clear ? "original=clear" : "")
        {
            OnRefused = (position, fault) => faults.Add((positions[(int)position].ToString(), "", fault)),
        };
        foreach (ImportedItem item in new CloudTrailImport(original).ReadPaths(paths))
        {
            switch (item)
            {
                case ImportedClaim claim:
                    positions.Add(claim.Position);
                    await sender.AddAsync(claim.Utf8, cancellationToken);
                    break;
                case ImportFault fault:
                    faults.Add((fault.Position.ToString(), fault.Pointer, fault.Detail));
                    break;
            }
        }

        await sender.FlushAsync(cancellationToken);
        Report(sender, faults, asJson);
        return faults.Count == 0 ? ExitCode.Done : ExitCode.Usage;
    }

    private static void Report(EventSender sender, List<(string Position, string Pointer, string Detail)> faults, bool asJson)
    {
        if (!asJson)
        {
            foreach ((string position, string pointer, string detail) in faults)
            {
                Console.Error.WriteLine(Terminal.Clean($"not imported: {position} {pointer}: {detail}"));
            }

            Console.WriteLine($"{sender.Appended} records imported, {sender.Repeated} were there already, {faults.Count} not imported.");
            return;
        }

        using Stream output = Terminal.OpenJson();
        using Utf8JsonWriter json = JsonText.Writer(output);
        json.WriteStartObject();
        json.WriteNumber("imported", sender.Appended);
        json.WriteNumber("repeated", sender.Repeated);
        json.WriteStartArray("faults");
        foreach ((string position, string pointer, string detail) in faults)
        {
            json.WriteStartObject();
            json.WriteString("position", position);
            json.WriteString("pointer", pointer);
            json.WriteString("detail", detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }
}
