using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Notifications;

/// <summary>Who is told of which alerts, in which form, and what becomes of what cannot be told, against a real receiver.</summary>
[Collection(NotifyCollection.Name)]
public sealed class NotificationTests(NotifyServer notify)
{
    [Fact]
    public async Task A_webhook_is_sent_the_alert_once_signed_over_id_time_and_body()
    {
        string id = await notify.RaiseAsync("rule-plain", "u-1");
        Received received = await notify.Receiver.NextAsync("/plain");

        Assert.Equal(id, received.Alert);
        Assert.Equal("alert.raised", received.Json.GetProperty("type").GetString());
        JsonElement data = received.Json.GetProperty("data");
        Assert.Equal("Alert: The rule rule-plain (high)", data.GetProperty("title").GetString());
        Assert.Contains("In common: actor u-1", data.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal(("plain", "main", "open"), (data.GetProperty("destination").GetString(), data.GetProperty("alert").GetProperty("log").GetString(), data.GetProperty("alert").GetProperty("state").GetString()));
        long index = data.GetProperty("alert").GetProperty("entry").GetProperty("index").GetInt64();
        Assert.Equal($"https://audit.example/#log=_alerts&index={index}", data.GetProperty("url").GetString());
        Assert.Equal(("application/json", "blue"), (received.Headers["content-type"], received.Headers["x-team"]));
        Assert.Matches("^ntf_[0-9a-f]{32}$", received.Headers["webhook-id"]);
        Assert.Equal(SignatureOf(received, NotifyServer.Secret), received.Headers["webhook-signature"]);
        Assert.InRange(SecondsOf(received), DateTimeOffset.Parse(received.Json.GetProperty("timestamp").GetString()!, CultureInfo.InvariantCulture).ToUnixTimeSeconds(), notify.Server.Clock.GetUtcNow().ToUnixTimeSeconds());

        // The same story, told once.
        await notify.RaiseAsync("rule-plain", "u-1");
        string other = await notify.RaiseAsync("rule-plain", "u-2");
        Assert.Equal(other, (await notify.Receiver.NextAsync("/plain")).Alert);
        JsonElement health = await notify.DestinationAsync("plain", one => one.TryGetProperty("last_success", out _) && one.GetProperty("queued").GetInt64() == 0);
        Assert.Equal(0, health.GetProperty("dead").GetInt64());
    }

    [Fact]
    public async Task While_secrets_are_exchanged_it_is_signed_with_each()
    {
        await notify.RaiseAsync("rule-both", "u-1");
        Received received = await notify.Receiver.NextAsync("/both");
        Assert.Equal($"{SignatureOf(received, NotifyServer.Secret)} {SignatureOf(received, NotifyServer.OtherSecret)}", received.Headers["webhook-signature"]);
    }

    [Fact]
    public async Task What_is_not_taken_is_sent_again_under_the_same_id_until_it_is()
    {
        notify.Receiver.Answer("/flaky", number => number switch { 1 => 500, 2 => 429, 3 => 404, _ => 200 });
        await notify.RaiseAsync("rule-flaky", "u-1");
        Received[] received = [await notify.Receiver.NextAsync("/flaky"), await notify.Receiver.NextAsync("/flaky"), await notify.Receiver.NextAsync("/flaky"), await notify.Receiver.NextAsync("/flaky")];
        Assert.Single(received.Select(one => one.Headers["webhook-id"]).Distinct());
        Assert.All(received, one => Assert.Equal(SignatureOf(one, NotifyServer.Secret), one.Headers["webhook-signature"]));
        JsonElement health = await notify.DestinationAsync("flaky", one => one.GetProperty("queued").GetInt64() == 0);
        Assert.Equal(("it answered 404", 0L), (health.GetProperty("last_problem").GetString(), health.GetProperty("dead").GetInt64()));
        Assert.True(notify.Receiver.IsEmpty("/flaky"));
    }

    [Fact]
    public async Task A_destination_that_asks_to_be_left_alone_for_some_time_is()
    {
        notify.Receiver.Answer("/asked", (number, context) =>
        {
            context.Response.StatusCode = number == 1 ? 503 : 200;
            context.Response.Headers.RetryAfter = number == 1 ? "1800" : default;
            return Task.CompletedTask;
        });
        await notify.RaiseAsync("rule-asked", "u-1");
        Received first = await notify.Receiver.NextAsync("/asked");
        await notify.DestinationAsync("asked", one => one.TryGetProperty("last_problem", out _));

        notify.Server.Clock.Advance(TimeSpan.FromMinutes(31));
        await notify.RaiseAsync("rule-asked", "u-2");
        Received[] next = [await notify.Receiver.NextAsync("/asked"), await notify.Receiver.NextAsync("/asked")];
        Assert.Contains(first.Headers["webhook-id"], next.Select(one => one.Headers["webhook-id"]));
        Assert.All(next, one => Assert.True(SecondsOf(one) - SecondsOf(first) >= 1800));
    }

    [Fact]
    public async Task A_redirection_is_not_followed()
    {
        notify.Receiver.Answer("/moved", (_, context) =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = notify.Receiver.Url + "/elsewhere";
            return Task.CompletedTask;
        });
        await notify.RaiseAsync("rule-moved", "u-1");
        JsonElement health = await notify.DestinationAsync("moved", one => one.GetProperty("dead").GetInt64() == 1);
        Assert.Equal("it answered 307; redirections are not followed", health.GetProperty("last_problem").GetString());
        Assert.True(notify.Receiver.IsEmpty("/elsewhere"));
    }

    [Fact]
    public async Task What_fails_for_good_is_kept_and_is_an_alert_that_the_others_are_told_of_and_nobody_is_told_that_this_failed()
    {
        notify.Receiver.Answer("/dead", number => number == 1 ? 500 : 200);
        notify.Receiver.Answer("/gone", _ => 500);
        string id = await notify.RaiseAsync("rule-dead", "u-1");

        // Both could not be told, and of one of them the other neither.
        var told = new List<string>();
        while (told.Count < 2)
        {
            // Other tests have destinations that fail as well.
            told.AddRange(new[] { GroupOf(await notify.Receiver.NextAsync("/watcher")) }.Where(destination => destination is "dead" or "gone"));
        }

        Assert.Equal(["dead", "gone"], told.Order(StringComparer.Ordinal));
        await notify.DestinationAsync("gone", one => one.GetProperty("dead").GetInt64() == 2 && one.GetProperty("queued").GetInt64() == 0);
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (notify.AlertsOf("indelible-notification-failed").Count(alert => IsAbout(alert, "gone")) < 2)
        {
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        await notify.SettleAsync();
        JsonElement alert = notify.AlertsOf("indelible-notification-failed").First(one => IsAbout(one, "dead"));
        Assert.Equal(("high", id, "it answered 500"), (alert.GetProperty("data").GetProperty("severity").GetString(), alert.GetProperty("data").GetProperty("alert").GetString(), alert.GetProperty("data").GetProperty("problem").GetString()));
        Assert.Equal("A notification failed: destination dead", alert.GetProperty("message").GetString());

        // What was given up is listed, tried again and dropped, and each of it is in _access.
        JsonElement[] dead = await DeadAsync("dead");
        Assert.Equal((id, 1, "it answered 500", "raised"), (dead[0].GetProperty("alert").GetString(), dead[0].GetProperty("attempts").GetInt32(), dead[0].GetProperty("problem").GetString(), dead[0].GetProperty("reason").GetString()));
        string first = dead[0].GetProperty("id").GetString()!;
        Assert.Equal(first, (await notify.Receiver.NextAsync("/dead")).Headers["webhook-id"]);
        Assert.Equal(204, (await notify.Server.PostAsync($"api/notifications/dead/{first}/retry", notify.Server.AdminKey, "")).Status);
        Assert.Equal(first, (await notify.Receiver.NextAsync("/dead")).Headers["webhook-id"]);
        await notify.DestinationAsync("dead", one => one.GetProperty("dead").GetInt64() == 0 && one.GetProperty("queued").GetInt64() == 0);
        (await notify.Server.PostAsync($"api/notifications/dead/{first}/retry", notify.Server.AdminKey, "")).ShouldBeProblem(404, "not-found");
        foreach (JsonElement one in await DeadAsync("gone"))
        {
            Assert.Equal(204, (await notify.Server.SendAsync(HttpMethod.Delete, $"api/notifications/dead/{one.GetProperty("id").GetString()}", notify.Server.AdminKey)).Status);
        }

        Assert.Empty(await DeadAsync("gone"));
        while (!notify.Receiver.IsEmpty("/watcher"))
        {
            Assert.False(GroupOf(await notify.Receiver.NextAsync("/watcher")) is "dead" or "gone");
        }

        Assert.Contains(notify.ActsOf("indelible.notification.retry"), act => act.GetProperty("targets")[0].GetProperty("id").GetString() == first);
        Assert.Equal(2, notify.ActsOf("indelible.notification.drop").Length);
        Assert.Contains(notify.ActsOf("indelible.configuration.view"), act => act.GetProperty("targets")[0].GetProperty("id").GetString() == "dead notifications");

        static string GroupOf(Received one) => one.Json.GetProperty("data").GetProperty("alert").GetProperty("group")[0].GetProperty("value").GetString()!;
        static bool IsAbout(JsonElement alert, string destination) => alert.GetProperty("data").GetProperty("group")[0].GetProperty("value").GetString() == destination;
    }

    [Fact]
    public async Task Who_wants_repeats_is_told_of_each_and_the_others_once()
    {
        string first = await notify.RaiseAsync("rule-shared", "u-1");
        string again = await notify.RaiseAsync("rule-shared", "u-1");
        Received[] repeats = [await notify.Receiver.NextAsync("/repeats"), await notify.Receiver.NextAsync("/repeats")];
        Assert.Equal(["alert.raised", "alert.repeated"], repeats.Select(one => one.Json.GetProperty("type").GetString()));
        Assert.All(repeats, one => Assert.Equal(first, one.Alert));
        Assert.NotEqual(first, again);
        Assert.NotEqual(repeats[0].Headers["webhook-id"], repeats[1].Headers["webhook-id"]);
        Assert.StartsWith("Raised again: ", repeats[1].Json.GetProperty("data").GetProperty("title").GetString(), StringComparison.Ordinal);

        Assert.Equal(first, (await notify.Receiver.NextAsync("/plain")).Alert);
        await notify.SettleAsync();
        await notify.DestinationAsync("plain", one => one.GetProperty("queued").GetInt64() == 0);
        Assert.True(notify.Receiver.IsEmpty("/plain"));
    }

    [Fact]
    public async Task What_is_suppressed_is_told_to_nobody()
    {
        string until = (notify.Server.Clock.GetUtcNow() + TimeSpan.FromHours(1)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        (_, string analyst) = (0, (await notify.Server.PostAsync("api/keys", notify.Server.AdminKey, """{"kind":"reader","role":"analyst","logs":["_alerts"]}""")).Json.GetProperty("key").GetString()!);
        Answer made = await notify.Server.PostAsync("api/alerts/suppressions", analyst, $$"""{"rule":"rule-plain","until":"{{until}}"}""");
        Assert.Equal(200, made.Status);
        string quiet = await notify.RaiseAsync("rule-plain", "u-quiet");
        Assert.Equal(204, (await notify.Server.SendAsync(HttpMethod.Delete, "api/alerts/suppressions/" + made.Json.GetProperty("id").GetString(), analyst)).Status);
        string loud = await notify.RaiseAsync("rule-plain", "u-loud");
        Assert.Equal(loud, (await notify.Receiver.NextAsync("/plain")).Alert);
        Assert.NotEqual(quiet, loud);
        Assert.True(notify.Receiver.IsEmpty("/plain"));
    }

    [Fact]
    public async Task What_nobody_acknowledges_is_passed_on_and_what_somebody_does_is_not()
    {
        string seen = await notify.RaiseAsync("rule-escalated", "u-1");
        string unseen = await notify.RaiseAsync("rule-escalated", "u-2");
        Assert.Equal([seen, unseen], [(await notify.Receiver.NextAsync("/first")).Alert, (await notify.Receiver.NextAsync("/first")).Alert]);
        string analyst = (await notify.Server.PostAsync("api/keys", notify.Server.AdminKey, """{"kind":"reader","role":"analyst","logs":["_alerts"]}""")).Json.GetProperty("key").GetString()!;
        Assert.Equal(200, (await notify.Server.PostAsync($"api/alerts/{seen}/acknowledge", analyst, "{}")).Status);
        Assert.True(notify.Receiver.IsEmpty("/second"));

        notify.Server.Clock.Advance(TimeSpan.FromMinutes(16));
        notify.Wake("second");
        Received second = await notify.Receiver.NextAsync("/second");
        Assert.Equal((unseen, "alert.escalated"), (second.Alert, second.Json.GetProperty("type").GetString()));
        Assert.StartsWith("Not acknowledged since ", second.Json.GetProperty("data").GetProperty("title").GetString(), StringComparison.Ordinal);
        await notify.DestinationAsync("second", one => one.GetProperty("queued").GetInt64() == 0);
        Assert.True(notify.Receiver.IsEmpty("/second"));
        Assert.True(notify.Receiver.IsEmpty("/third"));

        notify.Server.Clock.Advance(TimeSpan.FromMinutes(30));
        notify.Wake("third");
        Assert.Equal(unseen, (await notify.Receiver.NextAsync("/third")).Alert);
        Assert.True(notify.Receiver.IsEmpty("/second"));
    }

    [Fact]
    public async Task A_destination_that_is_slow_delays_no_other_nor_appending()
    {
        var held = new TaskCompletionSource();
        notify.Receiver.Answer("/slow", (_, _) => held.Task);
        string id = await notify.RaiseAsync("rule-slow", "u-1");
        await notify.Receiver.NextAsync("/slow");
        string[] others = [await notify.RaiseAsync("rule-slow", "u-2"), await notify.RaiseAsync("rule-slow", "u-3")];
        string[] fast = [(await notify.Receiver.NextAsync("/fast")).Alert, (await notify.Receiver.NextAsync("/fast")).Alert, (await notify.Receiver.NextAsync("/fast")).Alert];
        Assert.Equal([id, .. others], fast);
        Assert.Equal(3, (await notify.DestinationAsync("slow", _ => true)).GetProperty("queued").GetInt64());
        held.SetResult();
        Assert.Equal(others[0], (await notify.Receiver.NextAsync("/slow")).Alert);
        Assert.Equal(others[1], (await notify.Receiver.NextAsync("/slow")).Alert);
    }

    [Fact]
    public async Task A_destination_is_told_of_what_fits_all_that_it_says()
    {
        await notify.RaiseAsync("rule-a", "u-7", "main", "critical");
        await notify.RaiseAsync("rule-a", "u-7", "acme.log", "medium");
        await notify.RaiseAsync("rule-a", "u-8", "acme.log", "critical");
        string wanted = await notify.RaiseAsync("rule-b", "u-7", "acme.log", "high");
        Assert.Equal(wanted, (await notify.Receiver.NextAsync("/picky")).Alert);
        Assert.True(notify.Receiver.IsEmpty("/picky"));
    }

    [Fact]
    public async Task No_more_is_sent_than_the_rate_allows_and_the_rest_later()
    {
        string[] ids = [await notify.RaiseAsync("rule-limited", "u-1"), await notify.RaiseAsync("rule-limited", "u-2"), await notify.RaiseAsync("rule-limited", "u-3")];
        Received[] first = [await notify.Receiver.NextAsync("/limited"), await notify.Receiver.NextAsync("/limited")];
        Assert.Equal(ids[..2], first.Select(one => one.Alert));
        await notify.DestinationAsync("limited", one => one.GetProperty("queued").GetInt64() == 1);
        notify.Server.Clock.Advance(TimeSpan.FromMinutes(31));
        notify.Wake("limited");
        Received third = await notify.Receiver.NextAsync("/limited");
        Assert.Equal(ids[2], third.Alert);
        Assert.True(SecondsOf(third) - SecondsOf(first[0]) >= 1800);
    }

    [Fact]
    public async Task What_waits_for_the_rate_is_not_given_up_for_it_and_what_waits_for_a_destination_that_is_down_is_given_up_with_it()
    {
        await notify.RaiseAsync("rule-down", "u-1");
        await notify.Receiver.NextAsync("/down");
        await notify.DestinationAsync("down", one => one.GetProperty("queued").GetInt64() == 0);
        notify.Receiver.Answer("/down", _ => 500);
        string[] ids = [await notify.RaiseAsync("rule-down", "u-2"), await notify.RaiseAsync("rule-down", "u-3")];

        // An attempt an hour. Both have waited for longer than they are tried, and neither was tried yet.
        await NextHourAsync();
        Assert.Equal(2, (await notify.DestinationAsync("down", one => one.TryGetProperty("last_failure", out _))).GetProperty("queued").GetInt64());

        // The first goes with the second, which is tried first then; that one is tried for its own time.
        await NextHourAsync();
        await notify.DestinationAsync("down", one => one.GetProperty("dead").GetInt64() == 1);
        Assert.Equal(ids[0], Assert.Single(await DeadAsync("down")).GetProperty("alert").GetString());
        await NextHourAsync();
        await notify.DestinationAsync("down", one => one.GetProperty("dead").GetInt64() == 2 && one.GetProperty("queued").GetInt64() == 0);
        Assert.Equal(ids.Order(), (await DeadAsync("down")).Select(one => one.GetProperty("alert").GetString()!).Order());
        Assert.True(notify.Receiver.IsEmpty("/down"));
        notify.Receiver.Answer("/down", _ => 200);

        async Task NextHourAsync()
        {
            notify.Server.Clock.Advance(TimeSpan.FromMinutes(61));
            notify.Wake("down");
            await notify.Receiver.NextAsync("/down");
        }
    }

    [Fact]
    public async Task Where_one_attempt_is_made_each_of_those_that_wait_has_its_own()
    {
        var held = new TaskCompletionSource();
        notify.Receiver.Answer("/once", async (number, context) =>
        {
            await held.Task;
            context.Response.StatusCode = number == 3 ? 200 : 500;
        });
        string[] ids = [await notify.RaiseAsync("rule-once", "u-1"), await notify.RaiseAsync("rule-once", "u-2"), await notify.RaiseAsync("rule-once", "u-3")];
        await notify.DestinationAsync("once", one => one.GetProperty("queued").GetInt64() == 3);
        held.SetResult();

        await notify.DestinationAsync("once", one => one.GetProperty("queued").GetInt64() == 0);
        Assert.Equal(ids[..2], (await DeadAsync("once")).Select(one => one.GetProperty("alert").GetString()!).Order());
        foreach (string id in ids)
        {
            Assert.Equal(id, (await notify.Receiver.NextAsync("/once")).Alert);
        }
    }

    [Fact]
    public async Task What_somebody_has_acknowledged_or_closed_before_its_turn_came_is_told_to_nobody()
    {
        string analyst = (await notify.Server.PostAsync("api/keys", notify.Server.AdminKey, """{"kind":"reader","role":"analyst","logs":["_alerts"]}""")).Json.GetProperty("key").GetString()!;
        string[] ids = [await notify.RaiseAsync("rule-queued", "u-1"), await notify.RaiseAsync("rule-queued", "u-2"), await notify.RaiseAsync("rule-queued", "u-3"), await notify.RaiseAsync("rule-queued", "u-4")];
        Assert.Equal(ids[0], (await notify.Receiver.NextAsync("/queued")).Alert);
        Assert.Equal(ids[0], (await notify.Receiver.NextAsync("/queued-repeats")).Alert);
        await notify.RaiseAsync("rule-queued", "u-2");
        await notify.RaiseAsync("rule-queued", "u-3");
        await notify.DestinationAsync("queued", one => one.GetProperty("queued").GetInt64() == 3);
        await notify.DestinationAsync("queued-repeats", one => one.GetProperty("queued").GetInt64() == 5);
        Assert.Equal(200, (await notify.Server.PostAsync($"api/alerts/{ids[1]}/acknowledge", analyst, "{}")).Status);
        Assert.Equal(200, (await notify.Server.PostAsync($"api/alerts/{ids[2]}/close", analyst, """{"reason":"resolved"}""")).Status);

        notify.Server.Clock.Advance(TimeSpan.FromMinutes(61));
        notify.Wake("queued");
        notify.Wake("queued-repeats");
        Assert.Equal(ids[3], (await notify.Receiver.NextAsync("/queued")).Alert);
        Assert.Equal(ids[3], (await notify.Receiver.NextAsync("/queued-repeats")).Alert);

        // Who wants repeats is told of those of what was acknowledged, and of none of what was closed.
        notify.Server.Clock.Advance(TimeSpan.FromMinutes(61));
        notify.Wake("queued-repeats");
        Received repeat = await notify.Receiver.NextAsync("/queued-repeats");
        Assert.Equal((ids[1], "alert.repeated"), (repeat.Alert, repeat.Json.GetProperty("type").GetString()));
        notify.Server.Clock.Advance(TimeSpan.FromMinutes(61));
        notify.Wake("queued-repeats");
        foreach (string name in (string[])["queued", "queued-repeats"])
        {
            JsonElement health = await notify.DestinationAsync(name, one => one.GetProperty("queued").GetInt64() == 0);
            Assert.Equal(0, health.GetProperty("dead").GetInt64());
            Assert.True(notify.Receiver.IsEmpty("/" + name));
        }
    }

    [Fact]
    public async Task A_certificate_is_trusted_by_the_file_that_is_named_and_a_proxy_is_gone_through()
    {
        Assert.Equal("""{"destination":"secure","sent":true}""", (await notify.Server.PostAsync("api/notifications/secure/test", notify.Server.AdminKey, "{}")).Text);
        await notify.Receiver.NextAsync("/secure");
        Answer untrusted = await notify.Server.PostAsync("api/notifications/untrusted/test", notify.Server.AdminKey, "{}");
        Assert.StartsWith("""{"destination":"untrusted","sent":false,"problem":"it could not be reached: The remote certificate is invalid""", untrusted.Text, StringComparison.Ordinal);
        Assert.True(notify.Receiver.IsEmpty("/untrusted"));
        Assert.Equal("""{"destination":"nowhere","sent":false,"problem":"it could not be reached: ConnectionError (ConnectionRefused)"}""", (await notify.Server.PostAsync("api/notifications/nowhere/test", notify.Server.AdminKey, "{}")).Text);
        Assert.Equal("""{"destination":"proxied","sent":true}""", (await notify.Server.PostAsync("api/notifications/proxied/test", notify.Server.AdminKey, "{}")).Text);
        Assert.Equal("hooks.invalid", (await notify.Receiver.NextAsync("/proxied")).Headers["host"]);
    }

    [Fact]
    public async Task Templates_are_filled_with_what_the_alert_says_and_values_are_no_templates()
    {
        await notify.RaiseAsync("rule-templated", "{{url}}\u202e\n\u0000x");
        JsonElement data = (await notify.Receiver.NextAsync("/templated")).Json.GetProperty("data");
        Assert.Equal("high rule-templated", data.GetProperty("title").GetString());
        string url = data.GetProperty("url").GetString()!;
        Assert.Equal($"actor {{{{url}}}}\ufffd\n\ufffdx|{{{{url}}}}\ufffd\n\ufffdx||main|{url}|{TestServer.Host}", data.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Slack_and_Teams_are_sent_their_form_and_no_value_becomes_markup()
    {
        const string Hostile = "<!channel> & <https://evil.example|click> [x](https://evil.example) *b* _i_ ~s~ `c` :fire:";
        await notify.RaiseAsync("rule-chat", Hostile);
        JsonElement slack = (await notify.Receiver.NextAsync("/slack")).Json;
        Assert.Equal("Alert: The rule rule-chat (high)", slack.GetProperty("text").GetString());
        Assert.False(slack.GetProperty("mrkdwn").GetBoolean());
        JsonElement[] sections = [.. slack.GetProperty("blocks").EnumerateArray().Select(block => block.GetProperty("text"))];
        Assert.Equal(["plain_text", "plain_text", "mrkdwn"], sections.Select(section => section.GetProperty("type").GetString()));
        Assert.All(sections[..2], section => Assert.False(section.GetProperty("emoji").GetBoolean()));
        Assert.Equal("Alert: The rule rule-chat (high)", sections[0].GetProperty("text").GetString());
        Assert.Contains("&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt; [x](https://evil.example) *b* _i_ ~s~ `c` :fire:", sections[1].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.True(sections[2].GetProperty("verbatim").GetBoolean());
        Assert.Matches("^<https://audit\\.example/#log=_alerts&amp;index=[0-9]+\\|Open the alert>$", sections[2].GetProperty("text").GetString());

        JsonElement card = (await notify.Receiver.NextAsync("/teams")).Json.GetProperty("attachments")[0];
        Assert.Equal("application/vnd.microsoft.card.adaptive", card.GetProperty("contentType").GetString());
        JsonElement[] runs = [.. card.GetProperty("content").GetProperty("body").EnumerateArray().SelectMany(block => block.GetProperty("inlines").EnumerateArray())];
        Assert.All(runs, run => Assert.Equal("TextRun", run.GetProperty("type").GetString()));
        Assert.Contains(runs, run => run.GetProperty("text").GetString() == "In common: actor " + Hostile);
        Assert.StartsWith("https://audit.example/#log=_alerts&index=", card.GetProperty("content").GetProperty("actions")[0].GetProperty("url").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_test_is_sent_at_once_and_its_end_is_said_and_entered()
    {
        notify.Receiver.Answer("/third", number => 200);
        Answer answer = await notify.Server.PostAsync("api/notifications/third/test", notify.Server.AdminKey, "{}");
        Assert.Equal("""{"destination":"third","sent":true}""", answer.Text);
        Received received = await notify.Receiver.NextAsync("/third");
        Assert.Equal(("test", "Test"), (received.Json.GetProperty("type").GetString(), received.Json.GetProperty("data").GetProperty("title").GetString()));
        Assert.Equal(SignatureOf(received, NotifyServer.Secret), received.Headers["webhook-signature"]);
        notify.Receiver.Answer("/third", number => 401);
        Assert.Equal("""{"destination":"third","sent":false,"problem":"it answered 401"}""", (await notify.Server.PostAsync("api/notifications/third/test", notify.Server.AdminKey, "{}")).Text);
        await notify.Receiver.NextAsync("/third");
        notify.Receiver.Answer("/third", number => 200);
        (await notify.Server.PostAsync("api/notifications/nosuch/test", notify.Server.AdminKey, "{}")).ShouldBeProblem(404, "not-found");
        Assert.Equal(["third", "third"], notify.ActsOf("indelible.notification.test").Select(act => act.GetProperty("targets")[0].GetProperty("id").GetString()).Where(name => name == "third"));
    }

    [Fact]
    public async Task What_waits_when_the_server_stops_is_told_after_the_next_start_and_nothing_twice()
    {
        notify.Receiver.Answer("/later", _ => 500);
        string waiting = await notify.RaiseAsync("rule-later", "u-1");
        Received first = await notify.Receiver.NextAsync("/later");
        string done = await notify.RaiseAsync("rule-plain", "u-before-the-stop");
        Assert.Equal(done, (await notify.Receiver.NextAsync("/plain")).Alert);
        await notify.Server.StopAsync();
        while (!notify.Receiver.IsEmpty("/later"))
        {
            await notify.Receiver.NextAsync("/later");
        }

        notify.Receiver.Answer("/later", _ => 200);
        await notify.Server.StartAsync();

        Received again = await notify.Receiver.NextAsync("/later");
        Assert.Equal((waiting, first.Headers["webhook-id"]), (again.Alert, again.Headers["webhook-id"]));
        string after = await notify.RaiseAsync("rule-plain", "u-after-the-start");
        Assert.Equal(after, (await notify.Receiver.NextAsync("/plain")).Alert);
        Assert.True(notify.Receiver.IsEmpty("/plain"));
        await notify.DestinationAsync("later", one => one.GetProperty("queued").GetInt64() == 0);
        Assert.True(notify.Receiver.IsEmpty("/later"));
    }

    [Fact]
    public async Task An_event_that_a_rule_of_the_product_matches_is_told_with_its_signature()
    {
        TestLog log = await notify.Server.NewLogAsync();
        DateTimeOffset now = notify.Server.Clock.GetUtcNow();
        string events = string.Join(',', Enumerable.Range(0, 12).Select(i => TestLog.Event(
            $"sign-in-{i}",
            ("time", $"\"{now.AddSeconds(i - 60).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}\""),
            ("action", "\"session.sign_in\""),
            ("category", "\"authentication\""),
            ("operation", "\"login\""),
            ("outcome", "\"failure\""))));
        Assert.Equal(201, (await notify.Server.PostAsync($"api/logs/{log.Name}/events", log.WriterKey, $"[{events}]")).Status);
        Received received = await notify.Receiver.NextAsync("/tagged");
        JsonElement alert = received.Json.GetProperty("data").GetProperty("alert");
        Assert.Equal(("Many refused sign-ins on one account", log.Name), (alert.GetProperty("rule").GetProperty("title").GetString(), alert.GetProperty("log").GetString()));
        Assert.Equal(10, alert.GetProperty("events").GetArrayLength());
        Assert.Equal(SignatureOf(received, NotifyServer.Secret), received.Headers["webhook-signature"]);
    }

    [Fact]
    public async Task What_a_verification_finds_is_told_as_well()
    {
        await notify.Server.Engine.NoteVerificationAsync("main", isValid: false, isAlert: true, data => data.WriteString("problem", "entry 3 was altered"));
        JsonElement data = (await notify.Receiver.NextAsync("/auditors")).Json.GetProperty("data");
        Assert.Equal("Alert: A verification found a fault (critical)", data.GetProperty("title").GetString());
        Assert.Equal(("main", "indelible.verification.run"), (data.GetProperty("alert").GetProperty("log").GetString(), data.GetProperty("alert").GetProperty("rule").GetProperty("id").GetString()));
    }

    [Fact]
    public async Task How_it_goes_is_in_the_metrics()
    {
        await notify.RaiseAsync("rule-plain", "u-metrics");
        await notify.Receiver.NextAsync("/plain");
        await notify.DestinationAsync("plain", one => one.GetProperty("queued").GetInt64() == 0);
        string metrics = (await notify.Server.GetAsync("metrics", notify.Server.AdminKey)).Text;
        Assert.Matches("indelible_notify_sent_total\\{[^}]*destination=\"plain\"[^}]*\\} [1-9]", metrics);
        Assert.Matches("indelible_notify_queued\\{[^}]*destination=\"plain\"[^}]*\\} 0", metrics);
        Assert.Matches("indelible_notify_dead\\{[^}]*destination=\"plain\"[^}]*\\} 0", metrics);
        Assert.Matches("indelible_notify_latency_seconds_count\\{[^}]*destination=\"plain\"[^}]*\\} [1-9]", metrics);
    }

    [Fact]
    public async Task No_secret_and_nothing_of_the_alerts_is_in_the_file_of_what_waits()
    {
        await notify.RaiseAsync("rule-plain", "u-not-in-the-file");
        await notify.Receiver.NextAsync("/plain");
        await notify.DestinationAsync("plain", one => one.GetProperty("queued").GetInt64() == 0);
        string files = string.Concat(Directory.GetFiles(notify.Server.Folder, "notify.db*").Select(path =>
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return Encoding.Latin1.GetString(bytes);
        }));
        Assert.Contains("ntf_", files, StringComparison.Ordinal);
        Assert.DoesNotContain("u-not-in-the-file", files, StringComparison.Ordinal);
        Assert.DoesNotContain("whsec_", files, StringComparison.Ordinal);
    }

    /// <summary>The signature, computed as a receiver would.</summary>
    internal static string SignatureOf(Received received, string secret)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{received.Headers["webhook-id"]}.{received.Headers["webhook-timestamp"]}."), .. received.Body];
        using var hmac = new HMACSHA256(Convert.FromBase64String(secret["whsec_".Length..]));
        return "v1," + Convert.ToBase64String(hmac.ComputeHash(signed));
    }

    private static long SecondsOf(Received received) => long.Parse(received.Headers["webhook-timestamp"], CultureInfo.InvariantCulture);

    private async Task<JsonElement[]> DeadAsync(string destination) =>
        [.. (await notify.Server.GetAsync("api/notifications/dead", notify.Server.AdminKey)).Json.GetProperty("items").EnumerateArray().Where(one => one.GetProperty("destination").GetString() == destination)];
}
