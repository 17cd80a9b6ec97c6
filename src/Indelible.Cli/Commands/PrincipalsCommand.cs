using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Client;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible principals</c>: enters, lists, disables and enables services and persons.</summary>
internal static class PrincipalsCommand
{
    public static Command Make()
    {
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("principals", "Enter, list, disable and enable services and persons (needs an administrator's key)");
        var name = new Argument<string>("name") { Description = "Such as billing-service; of a tenant, acme/billing-service" };

        var kind = new Option<string>("--kind") { Description = "service or person", Required = true };
        kind.AcceptOnlyFromAmong("service", "person");
        var create = new Command("create", "Enter a principal; then grant him roles and make him keys") { name, kind, url, key, json };
        create.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
        {
            using JsonDocument answer = await api.PostAsync("api/principals", new JsonObject { ["name"] = parsed.GetValue(name), ["kind"] = parsed.GetValue(kind) }.ToBytes(), cancel);
            Console.WriteLine(parsed.GetValue(json) ? answer.RootElement.GetRawText() : Terminal.Clean($"Entered {answer.RootElement.GetProperty("name").GetString()} by entry {answer.RootElement.GetProperty("entry")} of _system."));
            return ExitCode.Done;
        }));

        var list = new Command("list", "List the principals") { url, key, json };
        list.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api => ListAsync(api, parsed.GetValue(json), cancel)));
        command.Subcommands.Add(create);
        command.Subcommands.Add(list);
        foreach ((string word, string does, string done) in new[] { ("disable", "Make his credentials good for nothing, at once", "Disabled"), ("enable", "Make his credentials good again", "Enabled") })
        {
            var change = new Command(word, does) { name, url, key };
            change.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, async api =>
            {
                await api.PostAsync($"api/principals/{word}/{string.Join('/', parsed.GetValue(name)!.Split('/').Select(Uri.EscapeDataString))}", cancel);
                Console.WriteLine(Terminal.Clean($"{done} {parsed.GetValue(name)}."));
                return ExitCode.Done;
            }));
            command.Subcommands.Add(change);
        }

        return command;
    }

    private static async Task<int> ListAsync(ApiClient api, bool asJson, CancellationToken cancellationToken)
    {
        using JsonDocument answer = await api.GetAsync("api/principals", cancellationToken);
        if (asJson)
        {
            Console.WriteLine(answer.RootElement.GetRawText());
            return ExitCode.Done;
        }

        foreach (JsonElement item in answer.RootElement.GetProperty("principals").EnumerateArray())
        {
            Console.WriteLine(Terminal.Clean($"{Terminal.Column(item.GetProperty("name").GetString()!, 40)} {item.GetProperty("kind").GetString(),-8} {(item.GetProperty("disabled").GetBoolean() ? "disabled" : "")}").TrimEnd());
        }

        return ExitCode.Done;
    }
}
