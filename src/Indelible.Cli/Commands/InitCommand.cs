using System.CommandLine;
using System.Text.Json;
using Indelible.Connections;
using Indelible.Engine;
using Indelible.Engine.Configuration;
using Indelible.Engine.Storage;
using Indelible.Server;
using Microsoft.Extensions.Logging.Abstractions;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible init</c>: makes a data folder.</summary>
internal static class InitCommand
{
    public static Command Make()
    {
        Option<string> data = CommandOptions.Data();
        var host = new Option<string>("--host") { Description = "The host part of every log's origin, for ever", DefaultValueFactory = _ => "localhost:7480" };
        var logs = new Option<string[]>("--log") { Description = "A log to make; may be given several times", DefaultValueFactory = _ => ["main"] };
        var segmentSize = new Option<int>("--segment-size") { Description = "Entries in a sealed segment: a power of two, 256 to 65536", DefaultValueFactory = _ => 65_536 };
        var tls = new Option<bool>("--tls") { Description = "Make a certificate to try https with, as well; it vouches for itself" };
        Option<bool> json = CommandOptions.Json();
        var command = new Command("init", "Make a data folder: keys, our own logs, and the named ones") { data, host, logs, segmentSize, tls, json };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(data)!, parsed.GetValue(host)!, parsed.GetValue(logs)!, parsed.GetValue(segmentSize), parsed.GetValue(tls), parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> RunAsync(string data, string host, string[] logs, int segmentSize, bool withTls, bool asJson)
    {
        InitialisedFolder made;
        string? certificate;
        var folder = new DataFolder(data);
        try
        {
            made = await LogEngine.InitialiseAsync(
                folder, host, logs, segmentSize, new EngineOptions(), TimeProvider.System, RandomSource.System, NullLoggerFactory.Instance);
            certificate = withTls ? DevelopmentCertificate.Write(folder.TlsFolder, host, TimeProvider.System) : null;
        }
        catch (ArgumentException e)
        {
            return CommandOptions.Fail(e.Message.Split(" (Parameter", 2)[0]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ConfigurationConflictException)
        {
            return CommandOptions.Fail(e.Message);
        }

        if (asJson)
        {
            WriteJson(made, certificate);
            return ExitCode.Done;
        }

        Console.WriteLine($"Made {folder.Root}.");
        Console.WriteLine($"Every log's origin begins with {host}, for ever: it is signed into each checkpoint. Make the folder anew if that is wrong.");
        Console.WriteLine();
        Console.WriteLine("Verification keys: give them to everybody who is to verify, by another way than this server.");
        foreach (LogSettings log in made.Logs)
        {
            Console.WriteLine($"  {log.Name,-10} {log.Vkey}");
        }

        Console.WriteLine($"  {"receipts",-10} {made.Settings.ReceiptsVkey}");
        Console.WriteLine();
        Console.WriteLine("Administrator's key, shown this once:");
        Console.WriteLine($"  {made.AdminKey}");
        if (certificate is not null)
        {
            Console.WriteLine();
            Console.WriteLine($"A certificate to try TLS with is in {certificate}, valid for a year. 'indelible serve --urls https://localhost:7480' finds it.");
            Console.WriteLine($"Clients must be told to trust it: SSL_CERT_FILE={certificate} for ours, curl --cacert. Get another from an authority for real use.");
        }

        return ExitCode.Done;
    }

    private static void WriteJson(InitialisedFolder made, string? certificate)
    {
        using Stream output = Terminal.OpenJson();
        using Utf8JsonWriter json = JsonText.Writer(output);
        json.WriteStartObject();
        json.WriteStartArray("logs");
        foreach (LogSettings log in made.Logs)
        {
            json.WriteStartObject();
            json.WriteString("name", log.Name);
            json.WriteString("origin", log.Origin);
            json.WriteString("vkey", log.Vkey);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("receipts_vkey", made.Settings.ReceiptsVkey);
        json.WriteString("admin_key", made.AdminKey);
        if (certificate is not null)
        {
            json.WriteString("tls_certificate", certificate);
        }

        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }
}
