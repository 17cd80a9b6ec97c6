using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Client;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible keys</c>: makes, lists, replaces and revokes keys of callers; rotates those that sign.</summary>
internal static class KeysCommand
{
    public static Command Make()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("keys", "Make, list, replace and revoke keys (needs an administrator's key), and rotate those that sign (a custodian's)");

        var kind = new Option<string?>("--kind") { Description = "What the key does at most; may be left out where --role says it" };
        kind.AcceptOnlyFromAmong("writer", "reader", "admin");
        Option<string[]> logs = AccessTerms.Logs();
        var principal = new Option<string?>("--principal") { Description = "Whose key it is; of one that was entered, and without --log, it carries his grants" };
        Option<string?> role = AccessTerms.Role();
        Option<string?> rows = AccessTerms.Rows();
        Option<string?> personal = AccessTerms.Personal();
        var scopes = new Option<string[]>("--scope") { Description = "Do this alone, of what its kind does (append, read, tail, export, verify, …); may be given several times", DefaultValueFactory = _ => [] };
        var networks = new Option<string[]>("--network") { Description = "Be good from this network alone, as 10.0.0.0/8; may be given several times", DefaultValueFactory = _ => [] };
        var events = new Option<long?>("--events-per-second") { Description = "How many events it may append" };
        var bytes = new Option<long?>("--bytes-per-second") { Description = "How many bytes of bodies it may send" };
        var queries = new Option<long?>("--queries-per-second") { Description = "How many searches, counts, views, tails and bundles it may ask for" };
        Option<string?> expires = AccessTerms.Expires();
        var breakGlass = new Option<bool>("--break-glass") { Description = "Wait behind glass: an administrator's of the node, for one hour, once, after 'indelible break-glass'" };
        var create = new Command("create", "Make a key; it is shown this once") { kind, logs, principal, role, rows, personal, scopes, networks, events, bytes, queries, expires, breakGlass, url, key, json };
        create.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api =>
        {
            JsonObject body = new JsonObject { ["logs"] = AccessTerms.Texts(parsed.GetValue(logs)!) }
                .With("kind", parsed.GetValue(breakGlass) ? parsed.GetValue(kind) ?? "admin" : parsed.GetValue(kind)).With("principal", parsed.GetValue(principal)).With("role", parsed.GetValue(role))
                .With("rows", parsed.GetValue(rows)).With("personal", parsed.GetValue(personal)).With("expires", parsed.GetValue(expires));
            if (parsed.GetValue(scopes) is [_, ..] some)
            {
                body["scopes"] = AccessTerms.Texts(some);
            }

            if (parsed.GetValue(networks) is [_, ..] from)
            {
                body["networks"] = AccessTerms.Texts(from);
            }

            if (parsed.GetValue(events) is not null || parsed.GetValue(bytes) is not null || parsed.GetValue(queries) is not null)
            {
                body["rates"] = new JsonObject { ["events"] = parsed.GetValue(events), ["bytes"] = parsed.GetValue(bytes), ["queries"] = parsed.GetValue(queries) };
            }

            if (parsed.GetValue(breakGlass))
            {
                body["break_glass"] = true;
            }

            return MakeAsync(api, "api/keys", body, parsed.GetValue(json), cancel);
        }));

        var list = new Command("list", "List the keys, without their text") { url, key, json };
        list.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api => ListAsync(api, parsed.GetValue(json), cancel)));

        var id = new Argument<string>("id") { Description = "The key's id" };
        var overlap = new Option<string>("--overlap") { Description = "How long the old key goes on beside the new one: 30m, 24h, 7d; at most 30d", DefaultValueFactory = _ => "24h" };
        var replace = new Command("replace", "Make a key in another's place, with the same rights; the old one goes on for a while") { id, overlap, url, key, json };
        replace.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api => AccessTerms.ParseSpan(parsed.GetValue(overlap)!) is { } span
            ? MakeAsync(api, $"api/keys/{Uri.EscapeDataString(parsed.GetValue(id)!)}/replace", new JsonObject { ["overlap_s"] = (long)span.TotalSeconds }, parsed.GetValue(json), cancel)
            : Task.FromResult(CommandOptions.Fail($"--overlap: '{parsed.GetValue(overlap)}' is no time like 30m, 24h or 7d."))));
        var revoke = new Command("revoke", "Revoke a key") { id, url, key };
        revoke.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            await api.DeleteAsync("api/keys/" + Uri.EscapeDataString(parsed.GetValue(id)!), cancel);
            Console.WriteLine(Terminal.Clean($"Revoked {parsed.GetValue(id)}."));
            return ExitCode.Done;
        }));
        command.Subcommands.Add(RotateCommand.Make());
        command.Subcommands.Add(RewrapCommand.Make());
        command.Subcommands.Add(create);
        command.Subcommands.Add(list);
        command.Subcommands.Add(replace);
        command.Subcommands.Add(revoke);
        return command;
    }

    private static async Task<int> MakeAsync(ApiClient api, string path, JsonObject body, bool asJson, CancellationToken cancellationToken)
    {
        using JsonDocument answer = await api.PostAsync(path, body.ToBytes(), cancellationToken);
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
            Console.WriteLine(Terminal.Clean($"{item.GetProperty("id").GetString(),-20} {Terminal.Column(item.GetProperty("principal").GetString()!, 28)} {Terminal.Column(WhatFor(item), 44)} {StateOf(item)}").TrimEnd());
        }

        return ExitCode.Done;
    }

    private static string WhatFor(JsonElement key)
    {
        if (key.TryGetProperty("carries", out _))
        {
            return $"{key.GetProperty("kind").GetString()}, by its principal's grants";
        }

        string logs = string.Join(", ", key.GetProperty("logs").EnumerateArray());
        return $"{key.GetProperty("role").GetString()} of {(logs.Length == 0 ? "the node" : logs)}{(key.TryGetProperty("rows", out JsonElement rows) ? ", rows " + rows.GetString() : "")}";
    }

    private static string StateOf(JsonElement key)
    {
        string state = key.GetProperty("revoked").GetBoolean() ? "revoked"
            : key.TryGetProperty("expires", out JsonElement end) ? "until " + end.GetString()
            : key.TryGetProperty("break_glass", out _) ? "behind glass" : "";
        string used = key.TryGetProperty("last_used", out JsonElement last) ? "used " + last.GetString() : "never used";
        return state.Length == 0 ? used : $"{state}, {used}";
    }
}
