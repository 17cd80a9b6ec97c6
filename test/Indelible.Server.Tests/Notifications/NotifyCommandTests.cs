using System.Text.Json;
using Indelible.Server.Tests.Access;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Notifications;

/// <summary><c>indelible notify</c>, from a file to what could not be told.</summary>
[Collection(CastCollection.Name)]
public sealed class NotifyCommandTests : IAsyncLifetime
{
    private readonly TestServer _server = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-notify-command-").FullName;
    private HookReceiver _receiver = null!;

    private string File => Path.Combine(_folder, "notify.yml");

    public async ValueTask InitializeAsync()
    {
        _receiver = await HookReceiver.StartAsync();
        await System.IO.File.WriteAllTextAsync(File, $"destinations:\n  - {{name: chat, kind: slack, url: \"{_receiver.Url}/chat\", insecure: true, alerts: all, retry: {{give_up_after: 0s}}}}\n");
        _server.Settings["notify"] = File;
        await _server.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _receiver.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_file_is_checked_destinations_are_listed_and_tested_and_what_was_given_up_is_tried_again_or_forgotten()
    {
        Assert.Equal((0, "1 destination: chat (slack).\n"), await RunAsync("notify", "check", File));
        string wrong = Path.Combine(_folder, "wrong.yml");
        await System.IO.File.WriteAllTextAsync(wrong, "destinations:\n  - {name: a, kind: pager}\n", TestContext.Current.CancellationToken);
        Assert.Equal((1, $"{wrong}:2:21: kind: 'pager' is none of webhook, email, slack, teams.\n"), await RunAsync("notify", "check", wrong));

        Assert.Equal((0, "chat took the test.\n"), await RunAsync("notify", "test", "chat", "--url", "URL", "--key", "KEY"));
        await _receiver.NextAsync("/chat");
        _receiver.Answer("/chat", _ => 500);
        Assert.Equal("chat did not take the test: it answered 500.\n", (await RunAsync("notify", "test", "chat", "--url", "URL", "--key", "KEY")).Printed);
        await _receiver.NextAsync("/chat");

        string alert = await NotifyServer.RaiseAsync(_server.Engine, _server.Clock.GetUtcNow(), "rule-1", "u-1");
        await _receiver.NextAsync("/chat");
        string dead = await DeadAsync();
        Assert.Contains(alert, dead, StringComparison.Ordinal);
        Assert.Contains("after 1 attempts: it answered 500", dead, StringComparison.Ordinal);
        string id = dead.Split(' ')[0];
        Assert.Matches("chat +slack +0 queued, 1 given up +last taken never, last not taken .*: it answered 500", (await RunAsync("notify", "list", "--url", "URL", "--key", "KEY")).Printed);

        Assert.Equal((0, $"{id} is tried again.\n"), await RunAsync("notify", "retry", id, "--url", "URL", "--key", "KEY"));
        await _receiver.NextAsync("/chat");
        Assert.StartsWith(id, await DeadAsync(), StringComparison.Ordinal);
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        (int Code, string Printed) dropped;
        while ((dropped = await RunAsync("notify", "drop", id, "--url", "URL", "--key", "KEY")).Code != 0)
        {
            // Until the alert about it is entered.
            timeout.Token.ThrowIfCancellationRequested();
        }

        Assert.Equal($"{id} is forgotten.\n", dropped.Printed);
        Assert.Equal("", (await RunAsync("notify", "dead", "--url", "URL", "--key", "KEY")).Printed);
        Assert.Empty(JsonElement.Parse((await RunAsync("notify", "dead", "--json", "--url", "URL", "--key", "KEY")).Printed).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task What_waits_for_a_destination_that_is_taken_out_of_the_file_is_among_what_was_given_up()
    {
        _receiver.Answer("/chat", _ => 500);
        await System.IO.File.WriteAllTextAsync(File, (await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken)).Replace(", retry: {give_up_after: 0s}", "", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        await _server.StopAsync();
        await _server.StartAsync();
        string alert = await NotifyServer.RaiseAsync(_server.Engine, _server.Clock.GetUtcNow(), "rule-1", "u-1");
        await _receiver.NextAsync("/chat");
        await _server.StopAsync();
        await System.IO.File.WriteAllTextAsync(File, (await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken)).Replace("name: chat", "name: other", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        await _server.StartAsync();

        string dead = await DeadAsync();
        Assert.Contains($"chat  {alert} (raised ", dead, StringComparison.Ordinal);
        Assert.Contains("there is no such destination any more", dead, StringComparison.Ordinal);
        (int code, string printed) = await RunAsync("notify", "retry", dead.Split(' ')[0], "--url", "URL", "--key", "KEY");
        Assert.Equal(2, code);
        Assert.Contains("There is no destination chat any more.", printed, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("notify", "drop", dead.Split(' ')[0], "--url", "URL", "--key", "KEY")).Code);
    }

    private async Task<string> DeadAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        string printed;
        while ((printed = (await RunAsync("notify", "dead", "--url", "URL", "--key", "KEY")).Printed).Length == 0)
        {
            timeout.Token.ThrowIfCancellationRequested();
        }

        return printed;
    }

    private Task<(int Code, string Printed)> RunAsync(params string[] arguments) =>
        CommandRun.RunAsync([.. arguments.Select(argument => argument switch { "URL" => _server.Url.ToString(), "KEY" => _server.AdminKey, _ => argument })]);
}
