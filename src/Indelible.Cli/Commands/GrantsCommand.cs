using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible grants</c>: gives principals roles, and takes them back.</summary>
internal static class GrantsCommand
{
    public static Command Make()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("grants", "Give principals roles for logs, list and take them back (needs an administrator's key)");

        var principal = new Option<string>("--principal") { Description = "Whose", Required = true };
        Option<string?> role = AccessTerms.Role(required: true);
        Option<string[]> logs = AccessTerms.Logs();
        Option<string?> rows = AccessTerms.Rows();
        Option<string?> personal = AccessTerms.Personal();
        Option<string?> expires = AccessTerms.Expires();
        var create = new Command("create", "Give a principal a role for some logs") { principal, role, logs, rows, personal, expires, url, key, json };
        create.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            JsonObject body = new JsonObject { ["principal"] = parsed.GetValue(principal), ["role"] = parsed.GetValue(role), ["logs"] = AccessTerms.Texts(parsed.GetValue(logs)!) }
                .With("rows", parsed.GetValue(rows)).With("personal", parsed.GetValue(personal)).With("expires", parsed.GetValue(expires));
            using JsonDocument answer = await api.PostAsync("api/grants", body.ToBytes(), cancel);
            Console.WriteLine(parsed.GetValue(json) ? answer.RootElement.GetRawText() : Terminal.Clean($"Granted: {Line(answer.RootElement)}"));
            return ExitCode.Done;
        }));

        var list = new Command("list", "List the grants") { url, key, json };
        list.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            using JsonDocument answer = await api.GetAsync("api/grants", cancel);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(answer.RootElement.GetRawText());
                return ExitCode.Done;
            }

            foreach (JsonElement grant in answer.RootElement.GetProperty("grants").EnumerateArray())
            {
                Console.WriteLine(Terminal.Clean(Line(grant)));
            }

            return ExitCode.Done;
        }));

        var id = new Argument<string>("id") { Description = "The grant's id" };
        var revoke = new Command("revoke", "Take a grant back, at once") { id, url, key };
        revoke.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            await api.DeleteAsync("api/grants/" + Uri.EscapeDataString(parsed.GetValue(id)!), cancel);
            Console.WriteLine(Terminal.Clean($"Took {parsed.GetValue(id)} back."));
            return ExitCode.Done;
        }));
        command.Subcommands.Add(create);
        command.Subcommands.Add(list);
        command.Subcommands.Add(revoke);
        return command;
    }

    /// <summary>A grant on one line.</summary>
    public static string Line(JsonElement grant)
    {
        string rows = grant.TryGetProperty("rows", out JsonElement query) ? $", rows {query.GetString()}" : "";
        string until = grant.TryGetProperty("expires", out JsonElement end) ? $", until {end.GetString()}" : "";
        string role = grant.GetProperty("role").GetString()!;
        string personal = role is "writer" or "administrator" or "custodian" ? "" : $", personal values {grant.GetProperty("personal").GetString()!.Replace('_', ' ')}";
        return $"{grant.GetProperty("id").GetString()}  {grant.GetProperty("principal").GetString()} is {role} of {string.Join(", ", grant.GetProperty("logs").EnumerateArray())}{rows}{personal}{until} (entry {grant.GetProperty("entry")} of _system)";
    }
}
