using System.CommandLine;
using System.Text.Json;
using Indelible.Client;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible logs</c>: lists logs, or makes one.</summary>
internal static class LogsCommand
{
    public static Command Make()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("logs", "List the logs that the key is for") { url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api => ListAsync(api, parsed.GetValue(json), cancel)));

        var name = new Argument<string>("name") { Description = "Lower-case letters, digits, dots and hyphens" };
        var isPublic = new Option<bool>("--public") { Description = "Let everybody read checkpoint and hash tiles (never entries); cannot be changed later" };
        var personal = new Option<string[]>("--personal") { Description = "A JSON Pointer of a member to encrypt besides the schema's; may be given several times", DefaultValueFactory = _ => [] };
        var create = new Command("create", "Make a log") { name, isPublic, personal, url, key, json };
        create.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(
            parsed, url, key, api => CreateAsync(api, parsed.GetValue(name)!, parsed.GetValue(isPublic), parsed.GetValue(personal)!, parsed.GetValue(json), cancel)));
        command.Subcommands.Add(create);
        return command;
    }

    private static async Task<int> ListAsync(ApiClient api, bool asJson, CancellationToken cancellationToken)
    {
        using JsonDocument answer = await api.GetAsync("api/logs", cancellationToken);
        if (asJson)
        {
            Console.WriteLine(Terminal.CleanJson(answer.RootElement.GetRawText()));
            return ExitCode.Done;
        }

        foreach (JsonElement log in answer.RootElement.GetProperty("logs").EnumerateArray())
        {
            string successor = log.TryGetProperty("successor", out JsonElement name) ? $"  finished; {name.GetString()} goes on" : "";
            Console.WriteLine(Terminal.Clean($"{log.GetProperty("name").GetString(),-20} {log.GetProperty("size"),12} entries  {log.GetProperty("vkey").GetString()}{successor}"));
        }

        return ExitCode.Done;
    }

    private static async Task<int> CreateAsync(ApiClient api, string name, bool isPublic, string[] personal, bool asJson, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteBoolean("public", isPublic);
            json.WriteStartArray("personal");
            foreach (string pointer in personal)
            {
                json.WriteStringValue(pointer);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        using JsonDocument answer = await api.PostAsync("api/logs", body.ToArray(), cancellationToken);
        Console.WriteLine(asJson
            ? Terminal.CleanJson(answer.RootElement.GetRawText())
            : $"Made log {Terminal.Clean(name)}. Its verification key:\n  {Terminal.Clean(answer.RootElement.GetProperty("vkey").GetString()!)}");
        return ExitCode.Done;
    }
}
