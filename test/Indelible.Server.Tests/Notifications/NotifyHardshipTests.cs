using Indelible.Server.Notifications;
using Indelible.Server.Tests.Api;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Indelible.Server.Tests.Notifications;

/// <summary>What notifications come to where a clock was wrong, or more happened than anybody remembers. Each test has a server of its own.</summary>
public sealed class NotifyHardshipTests : IAsyncLifetime
{
    private readonly TestServer _server = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-notify-hardship-").FullName;
    private HookReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _receiver = await HookReceiver.StartAsync();
        await _server.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _receiver.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task After_a_clock_that_was_ahead_nothing_waits_until_it_is_as_late_as_it_was()
    {
        await RestartWithAsync(Hook("oncall", "alerts: {rules: [rule-1]}, escalate: {after: 15m, to: lead}"), Hook("lead", ""));
        _server.Clock.Advance(TimeSpan.FromDays(1));
        string ahead = await RaiseAsync("rule-1", "u-1");
        Assert.Equal(ahead, (await _receiver.NextAsync("/oncall")).Alert);
        _server.Clock.SetBack(TimeSpan.FromDays(1));

        // Times of receipt never go back: the entry says tomorrow.
        string right = await RaiseAsync("rule-1", "u-2");
        Received told = await _receiver.NextAsync("/oncall");
        Assert.Equal(right, told.Alert);
        Assert.True(told.Json.GetProperty("timestamp").GetDateTimeOffset() > _server.Clock.GetUtcNow().AddHours(23));

        _server.Clock.Advance(TimeSpan.FromMinutes(16));
        _server.Services.GetRequiredService<Notifier>().Wake("lead");
        Assert.Equal(right, (await _receiver.NextAsync("/lead")).Alert);
    }

    [Fact]
    public async Task What_waited_while_a_clock_was_ahead_is_told_when_that_is_right_again()
    {
        await RestartWithAsync(Hook("oncall", "alerts: {rules: [rule-1]}, rate: 1/h"));
        _server.Clock.Advance(TimeSpan.FromDays(1));
        string[] ids = [await RaiseAsync("rule-1", "u-1"), await RaiseAsync("rule-1", "u-2")];
        Assert.Equal(ids[0], (await _receiver.NextAsync("/oncall")).Alert);
        await _server.Services.GetRequiredService<Notifier>().SettleAsync();
        await _server.StopAsync();
        _server.Clock.SetBack(TimeSpan.FromDays(1));
        await _server.StartAsync();
        Assert.Equal(ids[1], (await _receiver.NextAsync("/oncall")).Alert);
    }

    [Fact]
    public async Task Who_wants_repeats_is_told_of_more_than_an_alert_names_though_he_was_not_there_when_they_came()
    {
        // A first start, so that what comes is not what was before; then without notifications.
        string destinations = Hook("repeats", "repeats: true, alerts: {rules: [rule-1]}") + Hook("plain", "alerts: {rules: [rule-1]}");
        await RestartWithAsync(destinations);
        _server.Settings.Remove("notify");
        await RestartAsync();
        const int Repeats = ServerLimits.AlertRepeatsNamed + 3;
        string other = await RaiseAsync("rule-1", "u-2");
        string first = await RaiseAsync("rule-1", "u-1");
        for (int i = 0; i < Repeats; i++)
        {
            await RaiseAsync("rule-1", "u-1");
        }

        await RestartWithAsync(destinations);
        var told = new List<Received>();
        while (told.Count < Repeats + 2)
        {
            told.Add(await _receiver.NextAsync("/repeats"));
        }

        Assert.Equal(["alert.raised", "alert.raised", .. Enumerable.Repeat("alert.repeated", Repeats)], told.Select(one => one.Json.GetProperty("type").GetString()));
        Assert.Equal([other, first, .. Enumerable.Repeat(first, Repeats)], told.Select(one => one.Alert));
        Assert.Equal(told.Count, told.Select(one => one.Headers["webhook-id"]).Distinct().Count());
        Assert.Equal([other, first], [(await _receiver.NextAsync("/plain")).Alert, (await _receiver.NextAsync("/plain")).Alert]);
        string last = await RaiseAsync("rule-1", "u-3");
        Assert.Equal(last, (await _receiver.NextAsync("/plain")).Alert);
        Assert.Equal(last, (await _receiver.NextAsync("/repeats")).Alert);
    }

    private static string Hook(string name, string rest) => $"  - {{name: {name}, kind: webhook, url: \"URL/{name}\", insecure: true, secret: \"SECRET\", {rest}}}\n";

    private Task<string> RaiseAsync(string rule, string actor) => NotifyServer.RaiseAsync(_server.Engine, _server.Clock.GetUtcNow(), rule, actor);

    private async Task RestartWithAsync(params string[] destinations)
    {
        string secret = Path.Combine(_folder, "secret");
        await File.WriteAllTextAsync(secret, NotifyServer.Secret);
        _server.Settings["notify"] = Path.Combine(_folder, "notify.yml");
        await File.WriteAllTextAsync(_server.Settings["notify"]!, ("destinations:\n" + string.Concat(destinations)).Replace("URL", _receiver.Url, StringComparison.Ordinal).Replace("SECRET", $"{{file:{secret}}}", StringComparison.Ordinal).Replace(", }", "}", StringComparison.Ordinal));
        await RestartAsync();
    }

    private async Task RestartAsync()
    {
        await _server.StopAsync();
        await _server.StartAsync();
    }
}
