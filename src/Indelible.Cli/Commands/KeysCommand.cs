using System.CommandLine;
using System.Text.Json;
using Indelible.Client;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible keys</c>: makes, lists and revokes keys.</summary>
internal static class KeysCommand
{
    public static Command Make()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("keys", "Make, list and revoke keys (needs an administrator's key)");

        var kind = new Option<string>("--kind") { Description = "What the key is for", Required = true };
        kind.AcceptOnlyFromAmong("writer", "reader", "admin");
        var logs = new Option<string[]>("--log") { Description = "A log that the key is for; may be given several times; * for all but the system's own", DefaultValueFactory = _ => [] };
        var principal = new Option<string?>("--principal") { Description = "Whose key it is; event ids are unique per principal" };
        var expires = new Option<string?>("--expires") { Description = "When it ends, in UTC: 2030-01-31T00:00:00Z" };
        var create = new Command("create", "Make a key; it is shown this once") { kind, logs, principal, expires, url, key, json };
        create.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api => CreateAsync(
            api, parsed.GetValue(kind)!, parsed.GetValue(logs)!, parsed.GetValue(principal), parsed.GetValue(expires), parsed.GetValue(json), cancel)));

        var list = new Command("list", "List the keys, without their text") { url, key, json };
        list.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api => ListAsync(api, parsed.GetValue(json), cancel)));

        var id = new Argument<string>("id") { Description = "The key's id" };
        var revoke = new Command("revoke", "Revoke a key") { id, url, key };
        revoke.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            await api.DeleteAsync("api/keys/" + Uri.EscapeDataString(parsed.GetValue(id)!), cancel);
            Console.WriteLine(Terminal.Clean($"Revoked {parsed.GetValue(id)}."));
            return ExitCode.Done;
        }));
        command.Subcommands.Add(create);
        command.Subcommands.Add(list);
        command.Subcommands.Add(revoke);
        return command;
    }

    private static async Task<int> CreateAsync(
        ApiClient api, string kind, string[] logs, string? principal, string? expires, bool asJson, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("kind", kind);
            json.WriteStartArray("logs");
            foreach (string log in logs)
            {
                json.WriteStringValue(log);
            }

            json.WriteEndArray();
            if (principal is not null)
            {
                json.WriteString("principal", principal);
            }

            if (expires is not null)
            {
                json.WriteString("expires", expires);
            }

            json.WriteEndObject();
        }

        using JsonDocument answer = await api.PostAsync("api/keys", body.ToArray(), cancellationToken);
        string id = answer.RootElement.GetProperty("id").GetString()!;
        string text = answer.RootElement.GetProperty("key").GetString()!;
        if (asJson)
        {
            using Stream output = Terminal.OpenJson();
            using var written = new Utf8JsonWriter(output);
            written.WriteStartObject();
            written.WriteString("id", id);
            written.WriteString("key", text);
            written.WriteEndObject();
            return ExitCode.Done;
        }

        Console.WriteLine(Terminal.Clean(text));
        Console.WriteLine(Terminal.Clean($"This is shown once. Its id is {id}."));
        return ExitCode.Done;
    }

    private static async Task<int> ListAsync(ApiClient api, bool asJson, CancellationToken cancellationToken)
    {
        using JsonDocument answer = await api.GetAsync("api/keys", cancellationToken);
        if (asJson)
        {
            Console.WriteLine(Terminal.CleanJson(answer.RootElement.GetRawText()));
            return ExitCode.Done;
        }

        foreach (JsonElement item in answer.RootElement.GetProperty("keys").EnumerateArray())
        {
            string state = item.GetProperty("revoked").GetBoolean() ? "revoked" : item.TryGetProperty("expires", out JsonElement end) ? "until " + end.GetString() : "";
            Console.WriteLine(Terminal.Clean($"{item.GetProperty("id").GetString(),-20} {item.GetProperty("kind").GetString(),-7} {Terminal.Column(item.GetProperty("principal").GetString()!, 28)} {string.Join(", ", item.GetProperty("logs").EnumerateArray())} {state}"));
        }

        return ExitCode.Done;
    }
}
