using System.Text.Json;
using Indelible.Connections;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Server.Notifications;
using Indelible.Server.Tests.Api;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Indelible.Server.Tests.Notifications;

/// <summary>One server, with many destinations, and one receiver for all tests of notifications: each test has destinations and rules of its own.</summary>
public sealed class NotifyServer : IAsyncLifetime
{
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr";
    public const string OtherSecret = "whsec_b3RoZXIgc2VjcmV0IG9mIHRoZSBzYW1lIGxlbmd0aCE=";

    private static int s_raised;

    public TestServer Server { get; } = new();

    internal HookReceiver Receiver { get; private set; } = null!;

    public string Folder { get; } = Directory.CreateTempSubdirectory("indelible-notify-").FullName;

    public string NotifyPath => Path.Combine(Folder, "notify.yml");

    public async ValueTask InitializeAsync()
    {
        DevelopmentCertificate.Write(Folder, "hooks.test", TimeProvider.System);
        Receiver = await HookReceiver.StartAsync(Folder);
        await File.WriteAllTextAsync(Path.Combine(Folder, "secret"), Secret + "\n");
        await File.WriteAllTextAsync(Path.Combine(Folder, "other"), OtherSecret);
        string secret = $"\"{{file:{Path.Combine(Folder, "secret")}}}\"";
        string Hook(string name, string rest) => $"  - {{name: {name}, kind: webhook, url: \"{Receiver.Url}/{name}\", insecure: true, secret: {secret}, {rest}}}\n";
        await File.WriteAllTextAsync(NotifyPath,
            "url: https://audit.example\ndestinations:\n"
            + Hook("plain", "alerts: {rules: [rule-plain, rule-shared]}, headers: {X-Team: blue}")
            + Hook("both", $"alerts: {{rules: [rule-both]}}").Replace($"secret: {secret}", $"secret: [{secret}, \"{{file:{Path.Combine(Folder, "other")}}}\"]", StringComparison.Ordinal)
            + Hook("flaky", "alerts: {rules: [rule-flaky]}, retry: {first: 1ms}")
            + Hook("asked", "alerts: {rules: [rule-asked]}, retry: {first: 1ms}")
            + Hook("moved", "alerts: {rules: [rule-moved]}, retry: {give_up_after: 0s}")
            + Hook("dead", "alerts: {rules: [rule-dead]}, retry: {give_up_after: 0s}")
            + Hook("gone", "alerts: {rules: [rule-dead, indelible-notification-failed]}, retry: {first: 1ms, give_up_after: 0s}")
            + Hook("watcher", "alerts: {rules: [indelible-notification-failed], severity: high}")
            + Hook("repeats", "repeats: true, alerts: {rules: [rule-shared]}")
            + Hook("first", "alerts: {rules: [rule-escalated]}, escalate: {after: 15m, to: second}")
            + Hook("second", "escalate: [{after: 30m, to: [third]}]")
            + Hook("third", "title: \"{{reason}}\"")
            + Hook("slow", "alerts: {rules: [rule-slow]}, timeout: 60s")
            + Hook("fast", "alerts: {rules: [rule-slow]}")
            + Hook("picky", "alerts: {severity: high, logs: [acme.*], query: \"data.group.value:u-7\"}")
            + Hook("tagged", "alerts: {tags: [attack.t1110.001]}")
            + Hook("auditors", "alerts: {severity: critical, rules: [indelible.verification.run]}")
            + Hook("limited", "alerts: {rules: [rule-limited]}, rate: 2/h")
            + Hook("down", "alerts: {rules: [rule-down]}, rate: 1/h, retry: {first: 1ms, most: 1m, give_up_after: 30m}")
            + Hook("proxied", $"proxy: \"{Receiver.Url}\"").Replace(Receiver.Url + "/proxied", "http://hooks.invalid/proxied", StringComparison.Ordinal).Replace("proxy:", "alerts: {rules: [rule-none]}, proxy:", StringComparison.Ordinal)
            + Hook("secure", $"alerts: {{rules: [rule-none]}}, ca: {Path.Combine(Folder, DevelopmentCertificate.CertificateFile)}").Replace(Receiver.Url, Receiver.SecureUrl, StringComparison.Ordinal)
            + Hook("nowhere", "alerts: {rules: [rule-none]}").Replace(Receiver.Url, "http://127.0.0.1:1", StringComparison.Ordinal)
            + Hook("untrusted", "alerts: {rules: [rule-none]}").Replace(Receiver.Url, Receiver.SecureUrl, StringComparison.Ordinal)
            + Hook("once", "alerts: {rules: [rule-once]}, retry: {first: 1ms, give_up_after: 0s}")
            + Hook("queued", "alerts: {rules: [rule-queued]}, rate: 1/h")
            + Hook("queued-repeats", "repeats: true, alerts: {rules: [rule-queued]}, rate: 1/h")
            + Hook("later", "alerts: {rules: [rule-later]}, retry: {first: 1ms, most: 1ms}")
            + Hook("templated", "alerts: {rules: [rule-templated]}, title: \"{{severity}} {{rule.id}}\", text: \"{{group}}|{{group.actor}}|{{group.none}}|{{log}}|{{url}}|{{node}}\"")
            + $"  - {{name: slack, kind: slack, url: \"{Receiver.Url}/slack\", insecure: true, alerts: {{rules: [rule-chat]}}}}\n"
            + $"  - {{name: teams, kind: teams, url: \"{Receiver.Url}/teams\", insecure: true, alerts: {{rules: [rule-chat]}}}}\n");
        Server.Settings["rules"] = "shipped";
        Server.Settings["notify"] = NotifyPath;
        await Server.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Receiver.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Raises an alert, as detection does.</summary>
    /// <returns>Its id.</returns>
    internal Task<string> RaiseAsync(string rule, string actor, string log = "main", string severity = "high") => RaiseAsync(Server.Engine, Server.Clock.GetUtcNow(), rule, actor, log, severity);

    internal static async Task<string> RaiseAsync(LogEngine engine, DateTimeOffset now, string rule, string actor, string log = "main", string severity = "high")
    {
        string id = $"alert-n{Interlocked.Increment(ref s_raised):d5}";
        Assert.True(await engine.NoteAlertAsync(new AlertNote(id, log, now, $"Found by {rule}: actor {actor}", data =>
        {
            data.WriteStartObject("rule");
            data.WriteString("id", rule);
            data.WriteString("title", $"The rule {rule}");
            data.WriteEndObject();
            data.WriteString("severity", severity);
            data.WriteStartArray("group");
            data.WriteStartObject();
            data.WriteString("field", "actor");
            data.WriteString("value", actor);
            data.WriteEndObject();
            data.WriteEndArray();
        })));
        return id;
    }

    /// <summary>Waits until every alert was looked at.</summary>
    internal Task SettleAsync() => Server.Services.GetRequiredService<Notifier>().SettleAsync();

    /// <summary>How a destination does, when that is so.</summary>
    internal async Task<JsonElement> DestinationAsync(string name, Func<JsonElement, bool> when)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            JsonElement all = (await Server.GetAsync("api/notifications", Server.AdminKey)).Json.GetProperty("destinations");
            JsonElement one = all.EnumerateArray().Single(destination => destination.GetProperty("name").GetString() == name);
            if (when(one))
            {
                return one;
            }

            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>The entries of <c>_alerts</c> of a rule.</summary>
    internal JsonElement[] AlertsOf(string rule)
    {
        LogReader log = Server.Engine.Find("_alerts")!;
        return [.. Enumerable.Range(0, (int)log.Size).Select(index => JsonElement.Parse(log.ReadEntry(index).Span))
            .Where(entry => entry.GetProperty("data").TryGetProperty("rule", out JsonElement of) && of.ValueKind == JsonValueKind.Object && of.GetProperty("id").GetString() == rule)];
    }

    /// <summary>The entries of <c>_access</c> of an action.</summary>
    internal JsonElement[] ActsOf(string action)
    {
        LogReader log = Server.Engine.Find("_access")!;
        return [.. Enumerable.Range(0, (int)log.Size).Select(index => JsonElement.Parse(log.ReadEntry(index).Span)).Where(entry => entry.GetProperty("action").GetString() == action)];
    }

    /// <summary>Has a destination look at the clock, which was set forward.</summary>
    internal void Wake(string destination) => Server.Services.GetRequiredService<Notifier>().Wake(destination);
}
