using System.Text.Json;
using Indelible.Server.Tests.Api;
using Indelible.Server.Tests.Attacks;
using Xunit;

namespace Indelible.Server.Tests.Streams;

/// <summary>Streams to a real rsyslog over TLS.</summary>
public sealed class SyslogStreamTests(StreamingServer streaming) : IClassFixture<StreamingServer>
{
    [Fact]
    public async Task Messages_arrive_whole_and_in_order_however_hostile_the_texts_are()
    {
        Assert.SkipWhen(Rsyslog.Missing is not null, Rsyslog.Missing ?? "");
        await using Rsyslog rsyslog = await StartAsync();
        TestLog log = await NewStreamAsync(rsyslog);
        string[] texts =
        [
            "plain", "two\nlines\r\nof <34>1 2026-11-23T06:14:25Z evil su - - - forged", "\"quoted\" \\ back\\\\slash", "[brackets] ] [indelible@32473 index=\"0\"]", "120 <34>1 - - - - - - counted", "tab\there, nul\u0001 and \u001b[31mred", "Grüße, 数据, 😀, \u2028line", "%msg%$!{env:HOME}", "{\"json\":\"in it\"}", new string('x', 1024),
        ];
        string events = string.Join('\n', texts.Select((text, i) => TestLog.Event($"e-{i}", ("message", JsonSerializer.Serialize(text)), ("outcome", i == 1 ? "\"failure\"" : "\"success\""))));
        Answer appended = await log.AppendAsync(events, "", "application/x-ndjson");
        Assert.True(appended.Status == 201, appended.Text);

        IReadOnlyList<JsonElement> messages = await WaitAsync(rsyslog, texts.Length);

        Assert.Equal(texts.Length, messages.Count);
        for (int i = 0; i < texts.Length; i++)
        {
            JsonElement message = messages[i];
            JsonElement item = JsonElement.Parse(message.GetProperty("msg").GetString()!);
            Assert.Equal(texts[i], item.GetProperty("entry").GetProperty("message").GetString());
            Assert.Equal(streaming.Server.Engine.Find(log.Name)!.ReadEntry(i).ToArray(), System.Text.Encoding.UTF8.GetBytes(item.GetProperty("entry").GetRawText()));
            Assert.Equal($"[indelible@32473 log=\"{log.Name}\" index=\"{i}\" id=\"{log.Origin}#{i}\"]", message.GetProperty("sd").GetString());
            Assert.Equal($"{log.Origin}#{i}", item.GetProperty("id").GetString());
            Assert.Equal(
                (i == 1 ? "109" : "110", "2026-11-23T06:14:25.000000Z", "audit.example", "indelible", "invoice.read"),
                (message.GetProperty("pri").GetString(), message.GetProperty("time").GetString(), message.GetProperty("host").GetString(), message.GetProperty("app").GetString(), message.GetProperty("msgid").GetString()));
        }
    }

    [Fact]
    public async Task A_restart_in_the_middle_loses_nothing_and_repeats_nothing_where_both_ends_close()
    {
        Assert.SkipWhen(Rsyslog.Missing is not null, Rsyslog.Missing ?? "");
        await using Rsyslog rsyslog = await StartAsync();
        TestLog log = await NewStreamAsync(rsyslog);
        await log.FillAsync(1_200);
        await streaming.WaitAsync(log.Name, state => state.GetProperty("sent").GetInt64() > 0);

        await streaming.RestartAsync();
        await streaming.SettleAsync(log.Name);
        IReadOnlyList<JsonElement> messages = await WaitAsync(rsyslog, 1_200);
        Assert.Equal(Enumerable.Range(0, 1_200).Select(i => (long)i), messages.Select(IndexOf).Distinct());

        // Behind these, nothing of what was sent before is to come; and nothing is under way when it stops now.
        await log.FillAsync(10);
        await streaming.SettleAsync(log.Name);
        messages = await WaitAsync(rsyslog, 1_210);
        await streaming.RestartAsync();
        await log.FillAsync(40);
        await streaming.SettleAsync(log.Name);
        Assert.Equal(messages.Count + 40, (await WaitAsync(rsyslog, 1_250)).Count);
    }

    [Fact]
    public async Task A_receiver_that_dies_and_comes_back_has_everything_in_the_end()
    {
        Assert.SkipWhen(Rsyslog.Missing is not null, Rsyslog.Missing ?? "");
        await using Rsyslog rsyslog = await StartAsync();
        TestLog log = await NewStreamAsync(rsyslog);
        await log.FillAsync(300);
        await streaming.WaitAsync(log.Name, state => state.GetProperty("sent").GetInt64() > 0);

        await rsyslog.StopAsync(isAccident: true);
        await log.FillAsync(300);
        await streaming.WaitAsync(log.Name, state => state.GetProperty("state").GetString() == "failing");
        await rsyslog.StartAsync();
        await streaming.DoAsync(log.Name, "resume");

        IReadOnlyList<JsonElement> messages = await WaitAsync(rsyslog, 600);
        Assert.Equal(Enumerable.Range(0, 600).Select(i => (long)i), messages.Select(IndexOf).Distinct().Order());
        await streaming.SettleAsync(log.Name);
    }

    [Fact]
    public async Task What_is_too_long_is_listed_and_passed_over_and_a_sender_whom_nobody_knows_sends_nothing()
    {
        Assert.SkipWhen(Rsyslog.Missing is not null, Rsyslog.Missing ?? "");
        await using Rsyslog rsyslog = await StartAsync();
        TestLog log = await NewStreamAsync(rsyslog, "message_bytes: 2048");
        string anonymous = log.Name + "-x";
        await streaming.StreamAsync($"  - {{name: {anonymous}, log: {log.Name}, to: {{syslog: {{host: localhost, port: {rsyslog.Port}, ca: {rsyslog.PathOf("ca.pem")}}}}}}}\n");
        await StreamingServer.AppendAsync(log, "a");
        Assert.Equal(201, (await log.AppendAsync(TestLog.Event("b", ("data.text", $"\"{new string('x', 2048)}\"")))).Status);
        await StreamingServer.AppendAsync(log, "c");

        JsonElement state = await streaming.SettleAsync(log.Name);
        JsonElement refused = Assert.Single(state.GetProperty("refused").GetProperty("last").EnumerateArray());
        Assert.Equal((1, "longer than message_bytes, 2048"), (refused.GetProperty("index").GetInt32(), refused.GetProperty("reason").GetString()));
        await streaming.WaitAsync(anonymous, one => one.GetProperty("state").GetString() == "failing");
        Assert.Equal([0, 2], (await WaitAsync(rsyslog, 2)).Select(IndexOf));
    }

    [Fact]
    public async Task A_receiver_whom_nobody_trusted_vouches_for_gets_nothing()
    {
        Assert.SkipWhen(Rsyslog.Missing is not null, Rsyslog.Missing ?? "");
        using var stranger = new TestAuthority("CN=somebody", TimeProvider.System.GetUtcNow());
        await using var rsyslog = new Rsyslog(stranger);
        await rsyslog.StartAsync();
        File.WriteAllText(rsyslog.PathOf("ca.pem"), streaming.Authority.Pem);
        TestLog log = await NewStreamAsync(rsyslog);
        await StreamingServer.AppendAsync(log, "a");

        JsonElement state = await streaming.WaitAsync(log.Name, one => one.GetProperty("state").GetString() == "failing");

        Assert.Contains("TLS failed", state.GetProperty("last_failure").GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Empty(rsyslog.Messages());
    }

    private static long IndexOf(JsonElement message) => JsonElement.Parse(message.GetProperty("msg").GetString()!).GetProperty("index").GetInt64();

    private static Task<IReadOnlyList<JsonElement>> WaitAsync(Rsyslog rsyslog, int different) => rsyslog.MessagesWhenAsync(messages => messages.Select(IndexOf).Distinct().Count() >= different);

    private async Task<Rsyslog> StartAsync()
    {
        var rsyslog = new Rsyslog(streaming.Authority);
        await rsyslog.StartAsync();
        return rsyslog;
    }

    private async Task<TestLog> NewStreamAsync(Rsyslog rsyslog, string more = "")
    {
        TestLog log = await streaming.Server.NewLogAsync();
        await streaming.StreamOnlyAsync($"""
              - name: {log.Name}
                log: {log.Name}
                to:
                  syslog:
                    host: localhost
                    port: {rsyslog.Port}
                    ca: {rsyslog.PathOf("ca.pem")}
                    certificate: {rsyslog.PathOf("sender.pem")}
                    key: {rsyslog.PathOf("sender.key")}
                    {more}

            """);
        return log;
    }
}
