using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Indelible.Cli.Demo;
using Indelible.Client;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible demo</c>: thirty days of a small company with an incident hidden in them.</summary>
internal static class DemoCommand
{
    public static Command Make()
    {
        Option<string> log = CommandOptions.Log();
        var events = new Option<int>("--events") { Description = "How many events, about", DefaultValueFactory = _ => DemoCompany.DefaultEventCount };
        var seed = new Option<ulong>("--seed") { Description = "The same seed makes the same events", DefaultValueFactory = _ => DemoCompany.DefaultSeed };
        var end = new Option<string>("--end") { Description = "When the thirty days end, in UTC", DefaultValueFactory = _ => DemoCompany.DefaultEnd.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) };
        var print = new Option<bool>("--print") { Description = "Print the events instead of appending them" };
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        var command = new Command("demo", "Append a demonstration: docs/demo.md tells its story (needs a writer's key)") { log, events, seed, end, print, url, key };
        command.SetAction((parsed, cancel) =>
        {
            if (!Events.Instant.TryParse(parsed.GetValue(end)!, out DateTimeOffset until))
            {
                return Task.FromResult(CommandOptions.Fail("--end: an instant in UTC, such as 2026-11-01T00:00:00Z."));
            }

            var company = new DemoCompany(parsed.GetValue(seed), until, parsed.GetValue(events));
            return parsed.GetValue(print)
                ? Task.FromResult(Print(company))
                : CommandOptions.WithServerAsync(parsed, url, key, api => SendAsync(api, parsed.GetValue(log)!, company, cancel));
        });
        return command;
    }

    private static int Print(DemoCompany company)
    {
        using Stream output = Console.OpenStandardOutput();
        foreach (ReadOnlyMemory<byte> claim in company.Claims())
        {
            output.Write(claim.Span);
            output.WriteByte((byte)'\n');
        }

        return ExitCode.Done;
    }

    private static async Task<int> SendAsync(ApiClient api, string log, DemoCompany company, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        var sender = new EventSender(api, log, "") { OnRefused = (position, fault) => Console.Error.WriteLine(Terminal.Clean($"event {position} was refused: {fault}")) };
        foreach (ReadOnlyMemory<byte> claim in company.Claims())
        {
            await sender.AddAsync(claim, cancellationToken);
        }

        await sender.FlushAsync(cancellationToken);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{sender.Appended} events appended to {log} in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s, {sender.Repeated} were there already, {sender.Refused} refused."));
        return sender.Refused == 0 ? ExitCode.Done : ExitCode.Usage;
    }
}
