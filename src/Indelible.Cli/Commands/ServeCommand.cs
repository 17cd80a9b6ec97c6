using System.CommandLine;
using Indelible.Engine;
using Indelible.Engine.Storage;
using Indelible.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible serve</c>: runs a node.</summary>
internal static class ServeCommand
{
    public static Command Make()
    {
        var data = new Option<string?>("--data") { Description = "The data folder (INDELIBLE_DATA); default ./data" };
        var urls = new Option<string?>("--urls") { Description = "What to listen on, separated by semicolons (INDELIBLE_URLS); default http://127.0.0.1:7480" };
        var checkpoints = new Option<string?>("--checkpoint-folder") { Description = "The folder of the checkpoint store, better on another volume (INDELIBLE_CHECKPOINT_FOLDER)" };
        var master = new Option<string?>("--master-key") { Description = "Where the master key is, if not in the data folder: env:NAME, file:PATH, command:/PROGRAM ARGUMENTS (INDELIBLE_MASTER_KEY)" };
        var publish = new Option<string?>("--publish-interval-ms") { Description = "How often heads are signed, in milliseconds; default 1000" };
        var otlp = new Option<string?>("--otlp-grpc") { Description = "HOST:PORT to listen on for OpenTelemetry's gRPC alone, besides the URLs, where it is served as well; commonly 127.0.0.1:4317" };
        var certificate = new Option<string?>("--tls-certificate") { Description = "For https URLs: the certificate in PEM, with those behind it (INDELIBLE_TLS_CERTIFICATE); read anew when it changes" };
        var key = new Option<string?>("--tls-key") { Description = "The certificate's private key in PEM (INDELIBLE_TLS_KEY)" };
        var insecure = new Option<bool>("--insecure-http") { Description = "Allow http URLs that other machines reach: where something in front ends TLS" };
        var noIndex = new Option<bool>("--no-index") { Description = "Keep no search indexes: every search looks at every entry (INDELIBLE_INDEX=false)" };
        var rules = new Option<string?>("--rules") { Description = "Sigma rules to ask of entries as they arrive (INDELIBLE_RULES): files and folders separated by semicolons, 'shipped' for those that come with the product; default none" };
        var notify = new Option<string?>("--notify") { Description = "Who is told of alerts (INDELIBLE_NOTIFY): a file in YAML, see docs/notifications.md; default nobody" };
        var streams = new Option<string?>("--streams") { Description = "A file of streams of entries to other systems, such as a SIEM (INDELIBLE_STREAMS); 'indelible streams check' tries it" };
        var level = new Option<string?>("--log-level") { Description = "Trace, Debug, Information, Warning, Error, Critical or None; default Information" };
        var settings = new Option<string?>("--settings") { Description = "A JSON file with settings (" + string.Join(", ", ServerOptions.Names) + ")" };
        var copy = new Option<bool>("--accept-copy") { Description = "Serve a data folder that is a copy of another, which must never be served again; entered in _access" };
        var command = new Command("serve", "Run the server until it is told to stop") { data, urls, certificate, key, insecure, checkpoints, master, otlp, publish, noIndex, rules, notify, streams, level, settings, copy };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(settings), new Dictionary<string, string?>
        {
            ["data"] = parsed.GetValue(data),
            ["urls"] = parsed.GetValue(urls),
            ["tls_certificate"] = parsed.GetValue(certificate),
            ["tls_key"] = parsed.GetValue(key),
            ["insecure_http"] = parsed.GetValue(insecure) ? "true" : null,
            ["checkpoint_folder"] = parsed.GetValue(checkpoints),
            ["master_key"] = parsed.GetValue(master),
            ["otlp_grpc"] = parsed.GetValue(otlp),
            ["publish_interval_ms"] = parsed.GetValue(publish),
            ["index"] = parsed.GetValue(noIndex) ? "false" : null,
            ["rules"] = parsed.GetValue(rules),
            ["notify"] = parsed.GetValue(notify),
            ["streams"] = parsed.GetValue(streams),
            ["log_level"] = parsed.GetValue(level),
            [ServerOptions.AcceptCopyFlag] = parsed.GetValue(copy) ? "" : null,
        }));
        return command;
    }

    private static async Task<int> RunAsync(string? settingsFile, Dictionary<string, string?> flags)
    {
        ServerOptions options = ServerOptions.Read(settingsFile, flags, out IReadOnlyList<string> faults);
        if (faults.Count > 0)
        {
            return CommandOptions.Fail("The settings cannot be used:", faults);
        }

        using ILoggerFactory loggers = LoggerFactory.Create(logging => IndelibleServer.ConfigureLogging(logging, options.LogLevel));
        LogEngine engine;
        try
        {
            engine = await LogEngine.OpenAsync(new DataFolder(options.Data), options.Engine, TimeProvider.System, RandomSource.System, loggers);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or VerificationException or TlogFormatException)
        {
            return CommandOptions.Fail("Not started. " + e.Message);
        }

        await using (engine)
        {
            WebApplication app;
            try
            {
                app = IndelibleServer.Build(engine, options);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                return CommandOptions.Fail($"Not started. {e.Message}");
            }

            await using WebApplication running = app;
            try
            {
                await app.StartAsync();
            }
            catch (IOException e)
            {
                return CommandOptions.Fail($"Not started. {e.Message}");
            }

            Console.WriteLine($"Indelible serves {engine.Logs.Count} logs of {options.Data} at {string.Join(", ", app.Urls)}.");
            await app.WaitForShutdownAsync();
        }

        Console.WriteLine("Stopped: everything acknowledged is on disk.");
        return engine.Failure is null ? ExitCode.Done : ExitCode.CouldNotTell;
    }
}
