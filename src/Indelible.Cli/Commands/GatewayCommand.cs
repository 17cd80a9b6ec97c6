using System.CommandLine;
using Indelible.Gateway;
using Indelible.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible gateway</c>: in front of an application that nobody may touch.</summary>
internal static class GatewayCommand
{
    public static Command Make()
    {
        var to = new Option<string?>("--to") { Description = "The application, as in http://127.0.0.1:5000" };
        var listen = new Option<string?>("--listen") { Description = "What to listen on, separated by semicolons; default http://127.0.0.1:8080" };
        var config = new Option<string?>("--config") { Description = "A settings file: identity, rules, everything else; its rules are read anew when it changes" };
        var url = new Option<string?>("--url") { Description = "The Indelible server (INDELIBLE_URL); default http://127.0.0.1:7480" };
        var log = new Option<string?>("--log") { Description = "The log; default main" };
        var vkey = new Option<string?>("--vkey") { Description = "The log's verification key, pinned (INDELIBLE_VKEY)", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("INDELIBLE_VKEY") };
        var receiptsVkey = new Option<string?>("--receipts-vkey") { Description = "The key that signs receipts, pinned (INDELIBLE_RECEIPTS_VKEY)", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("INDELIBLE_RECEIPTS_VKEY") };
        var spool = new Option<string?>("--spool") { Description = "Where events wait; default ./gateway-spool" };
        var closed = new Option<bool>("--fail-closed") { Description = "Refuse what cannot be recorded first" };
        Option<string?> key = CommandOptions.Key();
        var level = new Option<LogLevel>("--log-level") { Description = "Least level of what is logged", DefaultValueFactory = _ => LogLevel.Information };
        var command = new Command("gateway", "Put a recording proxy in front of an HTTP application") { to, listen, config, url, log, vkey, receiptsVkey, spool, closed, key, level };
        command.SetAction((parsed, _) => RunAsync(
            parsed.GetValue(config),
            settings => settings with
            {
                To = parsed.GetValue(to) ?? settings.To,
                Listen = parsed.GetValue(listen) ?? settings.Listen,
                FailClosed = settings.FailClosed || parsed.GetValue(closed),
                Log = settings.Log with
                {
                    Url = parsed.GetValue(url) ?? (settings.Log.Url != new LogSettings().Url ? settings.Log.Url : Environment.GetEnvironmentVariable("INDELIBLE_URL") is { Length: > 0 } stated ? stated : settings.Log.Url),
                    Name = parsed.GetValue(log) ?? settings.Log.Name,
                    Vkey = settings.Log.Vkey ?? parsed.GetValue(vkey),
                    ReceiptsVkey = settings.Log.ReceiptsVkey ?? parsed.GetValue(receiptsVkey),
                    Spool = parsed.GetValue(spool) ?? settings.Log.Spool,
                },
            },
            CommandOptions.KeyOf(parsed, key),
            parsed.GetValue(level)));
        return command;
    }

    private static async Task<int> RunAsync(string? file, Func<GatewaySettings, GatewaySettings> apply, string? key, LogLevel level)
    {
        GatewaySettings settings;
        byte[] bytes = [];
        try
        {
            bytes = file is null ? "{}"u8.ToArray() : await File.ReadAllBytesAsync(file);
            settings = apply(GatewaySettings.Parse(bytes));
            key = settings.Log.KeyFile is { } keyFile ? (await File.ReadAllTextAsync(keyFile)).Trim() : key;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return CommandOptions.Fail($"{file ?? "the settings"}: {e.Message}");
        }

        IReadOnlyList<string> faults = settings.Faults();
        if (faults.Count > 0)
        {
            return CommandOptions.Fail("The settings cannot be used:", faults);
        }

        if (key is null)
        {
            return CommandOptions.Fail("A writer's key is needed: INDELIBLE_KEY, --key, or log.key_file in the settings.");
        }

        if (settings.Log.Vkey is null || settings.Log.ReceiptsVkey is null)
        {
            return CommandOptions.Fail("Pin the log's key and the receipts' key, as 'indelible init' printed them: --vkey and --receipts-vkey, INDELIBLE_VKEY and INDELIBLE_RECEIPTS_VKEY, or log.vkey and log.receipts_vkey in the settings.");
        }

        WebApplication app;
        try
        {
            app = GatewayApplication.Build(settings, file is null ? null : (Path.GetFullPath(file), bytes), key, builder => IndelibleServer.ConfigureLogging(builder.Logging, level));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or ArgumentException)
        {
            return CommandOptions.Fail("Not started. " + e.Message);
        }

        await using (app)
        {
            try
            {
                await app.StartAsync();
            }
            catch (Exception e) when (e is IOException or Microsoft.Extensions.Options.OptionsValidationException or ArgumentException)
            {
                return CommandOptions.Fail("Not started.", e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            }

            Console.WriteLine($"Indelible stands before {settings.To} at {string.Join(", ", app.Urls)}; {settings.Rules.Count} rules, events go to {settings.Log.Url}, log {settings.Log.Name}.");
            await app.WaitForShutdownAsync();
        }

        return ExitCode.Done;
    }
}
