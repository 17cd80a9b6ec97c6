using System.CommandLine;
using System.Text.Json;
using Indelible.Client;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible tail</c>: shows entries as they arrive.</summary>
internal static class TailCommand
{
    public static Command Make()
    {
        var query = new Argument<string[]>("query") { Description = "Which entries (docs/query-language.md)", Arity = ArgumentArity.ZeroOrMore };
        query.Validators.Add(CommandOptions.RefuseUnknownOptions);
        Option<string> log = CommandOptions.Log();
        var after = new Option<long?>("--after") { Description = "Begin behind this index; default: with what comes next" };
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("tail", "Show entries as they arrive (needs a reader's key)") { query, log, after, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api => RunAsync(
            api, parsed.GetValue(log)!, string.Join(' ', parsed.GetValue(query)!), parsed.GetValue(after), parsed.GetValue(json), cancel)));
        return command;
    }

    private static async Task<int> RunAsync(ApiClient api, string log, string query, long? after, bool asJson, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (string text in api.TailAsync(log, query, after, cancellationToken))
            {
                using JsonDocument item = JsonDocument.Parse(text);
                Console.WriteLine(asJson ? Terminal.CleanJson(text) : EntryLine.Of(item.RootElement));
            }
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Done;
        }

        Console.Error.WriteLine("The server ended the stream.");
        return ExitCode.CouldNotTell;
    }
}
