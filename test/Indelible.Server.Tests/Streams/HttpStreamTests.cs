using System.Text.Json;
using Indelible.Engine;
using Indelible.Server.Tests.Api;
using Indelible.Server.Tests.Attacks;
using Indelible.Server.Tests.Export;
using Xunit;

namespace Indelible.Server.Tests.Streams;

/// <summary>Streams to a collector over HTTP: everything arrives, in order, at least once, whatever happens to either side, and nothing that may not leave.</summary>
public sealed class HttpStreamTests(StreamingServer streaming) : IClassFixture<StreamingServer>
{
    [Fact]
    public async Task Entries_arrive_in_order_under_ids_that_stay_with_their_exact_bytes()
    {
        TestLog log = await streaming.NewStreamAsync("query: 'action:invoice.*'");
        await StreamingServer.AppendAsync(log, "one", "two");
        Assert.Equal(201, (await log.AppendAsync(TestLog.Event("other", ("action", "\"user.read\"")))).Status);
        await StreamingServer.AppendAsync(log, "three");

        await streaming.SettleAsync(log.Name);

        JsonElement[] lines = streaming.Http.Taken("/" + log.Name);
        Assert.Equal(["one", "two", "three"], StreamingServer.IdsOf(lines));
        Assert.Equal([0, 1, 3], StreamingServer.IndexesOf(lines));
        Assert.Equal([$"{log.Origin}#0", $"{log.Origin}#1", $"{log.Origin}#3"], lines.Select(line => line.GetProperty("id").GetString()));
        Assert.All(lines, line => Assert.Equal(log.Name, line.GetProperty("log").GetString()));
        LogReader reader = streaming.Server.Engine.Find(log.Name)!;
        Assert.All(lines, line => Assert.Equal(System.Text.Encoding.UTF8.GetString(reader.ReadEntry(line.GetProperty("index").GetInt64()).Span), line.GetProperty("entry").GetRawText()));
        Assert.All(streaming.Http.Requests("/" + log.Name), request => Assert.Equal("application/x-ndjson", request.Request.Headers["Content-Type"]));
    }

    [Fact]
    public async Task Ocsf_goes_compressed_by_https_to_a_receiver_that_an_own_authority_vouches_for_with_a_secret_header()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        await using var receiver = new Receiver(streaming.Authority.Sign(["localhost"], now.AddHours(-1), now.AddHours(1), [TestAuthority.ForServers]));
        await receiver.StartAsync();
        streaming.Write("ca.pem", streaming.Authority.Pem);
        string secret = streaming.Write("token", "s3cret-of-the-stream\n");
        TestLog log = await streaming.Server.NewLogAsync();
        await streaming.StreamAsync($$"""
              - name: {{log.Name}}
                log: [{{log.Name}}]
                format: ocsf
                to:
                  http:
                    url: {{receiver.Url}}/{{log.Name}}
                    ca: ca.pem
                    gzip: true
                    headers:
                      Authorization: Splunk {file:{{secret}}}
                      X-Plain: {file:{{secret}}}

            """);
        await StreamingServer.AppendAsync(log, "one", "two");

        JsonElement state = await streaming.SettleAsync(log.Name);

        JsonElement[] lines = receiver.Taken("/" + log.Name);
        Assert.All(lines, OcsfRules.Check);
        Assert.Equal([(log.Name, 0L, "one"), (log.Name, 1L, "two")], lines.Select(line => line.GetProperty("metadata")).Select(data => (data.GetProperty("log_name").GetString()!, data.GetProperty("sequence").GetInt64(), data.GetProperty("uid").GetString()!)));
        Assert.All(receiver.Requests("/" + log.Name), request =>
        {
            Assert.Equal("Splunk s3cret-of-the-stream", request.Request.Headers["Authorization"]);
            Assert.Equal("s3cret-of-the-stream", request.Request.Headers["X-Plain"]);
            Assert.Equal("gzip", request.Request.Headers["Content-Encoding"]);
        });
        Assert.DoesNotContain("s3cret", state.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receiver_whose_certificate_nobody_trusted_vouches_for_gets_nothing()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using var other = new TestAuthority("CN=somebody", now);
        await using var receiver = new Receiver(other.Sign(["localhost"], now.AddHours(-1), now.AddHours(1), [TestAuthority.ForServers]));
        await receiver.StartAsync();
        streaming.Write("ca.pem", streaming.Authority.Pem);
        TestLog log = await streaming.Server.NewLogAsync();
        await streaming.StreamAsync($"  - {{name: {log.Name}, log: {log.Name}, to: {{http: {{url: '{receiver.Url}/', ca: ca.pem}}}}}}\n");
        await StreamingServer.AppendAsync(log, "one");

        JsonElement state = await streaming.WaitAsync(log.Name, one => one.GetProperty("state").GetString() == "failing");

        Assert.Contains("TLS failed", state.GetProperty("last_failure").GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Empty(receiver.Requests("/"));
    }

    [Fact]
    public async Task Personal_values_stay_sealed_unless_the_stream_says_clear()
    {
        TestLog log = await streaming.Server.NewLogAsync();
        string to = $"to: {{http: {{url: '{streaming.Http.Url}/{log.Name}/";
        await streaming.StreamAsync(
            $"  - {{name: {log.Name}-m, log: {log.Name}, {to}masked', insecure: true}}}}}}\n",
            $"  - {{name: {log.Name}-o, log: {log.Name}, format: ocsf, {to}ocsf', insecure: true}}}}}}\n",
            $"  - {{name: {log.Name}-c, log: {log.Name}, personal: clear, query: 'actor.name:Grace', {to}clear', insecure: true}}}}}}\n");
        Assert.Equal(201, (await log.AppendAsync(TestLog.Event("one", ("actor.name", "\"Grace\"")))).Status);

        foreach (string name in (string[])["m", "o", "c"])
        {
            await streaming.SettleAsync($"{log.Name}-{name}");
        }

        JsonElement masked = Assert.Single(streaming.Http.Taken($"/{log.Name}/masked"));
        Assert.DoesNotContain("Grace", masked.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("never", masked.GetProperty("masked").GetProperty("revealed").GetString());
        Assert.DoesNotContain("Grace", Assert.Single(streaming.Http.Taken($"/{log.Name}/ocsf")).GetRawText(), StringComparison.Ordinal);
        Assert.Equal("Grace", Assert.Single(streaming.Http.Taken($"/{log.Name}/clear")).GetProperty("personal").GetProperty("/actor/name").GetString());
    }

    [Fact]
    public async Task A_receiver_that_is_down_gets_everything_once_it_is_up()
    {
        await using var receiver = new Receiver();
        await receiver.StartAsync();
        TestLog log = await streaming.Server.NewLogAsync();
        await streaming.StreamAsync($"  - {{name: {log.Name}, log: {log.Name}, to: {{http: {{url: '{receiver.Url}/', insecure: true}}}}}}\n");
        await StreamingServer.AppendAsync(log, "a", "b");
        await streaming.SettleAsync(log.Name);
        await receiver.StopAsync();
        await StreamingServer.AppendAsync(log, "c", "d");
        JsonElement state = await streaming.WaitAsync(log.Name, one => one.GetProperty("state").GetString() == "failing");
        Assert.Equal((2, 2, 4), (state.GetProperty("logs")[0].GetProperty("lag").GetInt32(), state.GetProperty("logs")[0].GetProperty("next").GetInt32(), state.GetProperty("logs")[0].GetProperty("size").GetInt32()));

        await receiver.StartAsync();
        await streaming.SettleAsync(log.Name);

        Assert.Equal(["a", "b", "c", "d"], StreamingServer.IdsOf(receiver.Taken("/")));
    }

    [Fact]
    public async Task A_restart_in_the_middle_loses_nothing_and_keeps_the_order()
    {
        TestLog log = await streaming.NewStreamAsync();
        int requests = 0;
        var isHeld = new TaskCompletionSource();
        streaming.Http.Answer("/" + log.Name, async (context, _) =>
        {
            if (Interlocked.Increment(ref requests) > 1)
            {
                // It has the second batch, and its answer never comes.
                isHeld.TrySetResult();
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            return 200;
        });
        await log.FillAsync(700);
        await isHeld.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        await streaming.Server.StopAsync();
        streaming.Http.Answer("/" + log.Name, _ => 200);
        await streaming.Server.StartAsync();
        await streaming.SettleAsync(log.Name);

        long[] indexes = [.. StreamingServer.IndexesOf(streaming.Http.Requests("/" + log.Name).Where(request => request.Status == 200).SelectMany(request => request.Request.Lines))];
        Assert.Equal(Enumerable.Range(0, 700).Select(index => (long)index), indexes.Distinct());
        int answered = streaming.Http.Requests("/" + log.Name).First().Request.Lines.Count;
        Assert.Equal(answered, indexes.Count(index => index < answered));
    }

    [Fact]
    public async Task The_one_entry_that_is_refused_is_found_listed_and_passed_over()
    {
        TestLog log = await streaming.NewStreamAsync();
        streaming.Http.Answer("/" + log.Name, request => request.Lines.Any(line => line.GetRawText().Contains("poison", StringComparison.Ordinal)) ? 400 : 200);
        await StreamingServer.AppendAsync(log, [.. Enumerable.Range(0, 40).Select(i => i == 17 ? "poison" : $"e-{i}")]);

        await streaming.SettleAsync(log.Name);
        await streaming.RestartAsync();
        JsonElement state = await streaming.SettleAsync(log.Name);

        Assert.Equal(Enumerable.Range(0, 40).Where(i => i != 17).Select(i => (long)i), StreamingServer.IndexesOf(streaming.Http.Taken("/" + log.Name)));
        Assert.Equal(1, state.GetProperty("refused").GetProperty("count").GetInt32());
        JsonElement refused = Assert.Single(state.GetProperty("refused").GetProperty("last").EnumerateArray());
        Assert.Equal((log.Name, 17, $"{log.Origin}#17", "answered 400"), (refused.GetProperty("log").GetString(), refused.GetProperty("index").GetInt32(), refused.GetProperty("id").GetString(), refused.GetProperty("reason").GetString()));
    }

    [Fact]
    public async Task A_receiver_that_refuses_everything_does_not_empty_the_stream()
    {
        TestLog log = await streaming.NewStreamAsync();
        streaming.Http.Answer("/" + log.Name, _ => 422);
        await log.FillAsync(100);

        JsonElement state = await streaming.WaitAsync(log.Name, one => one.GetProperty("state").GetString() == "failing");

        Assert.InRange(state.GetProperty("refused").GetProperty("count").GetInt32(), ServerLimits.StreamRefusalsAtOnce, ServerLimits.StreamRefusalsAtOnce + 4);
        Assert.Contains("tried once more", state.GetProperty("last_failure").GetProperty("reason").GetString(), StringComparison.Ordinal);

        // It was the receiver's fault: what it refused is sent again.
        streaming.Http.Answer("/" + log.Name, _ => 200);
        Assert.Equal(200, (await streaming.DoAsync(log.Name, "replay", $$"""{"log":"{{log.Name}}","from":0}""")).Status);
        await streaming.SettleAsync(log.Name);
        Assert.Equal(100, StreamingServer.IndexesOf(streaming.Http.Taken("/" + log.Name)).Distinct().Count());
    }

    [Fact]
    public async Task A_redirect_is_not_followed_and_Retry_After_is_honoured_until_somebody_resumes()
    {
        TestLog log = await streaming.NewStreamAsync(http: "headers: {Authorization: Bearer x}");
        streaming.Http.Answer("/" + log.Name, (context, _) =>
        {
            context.Response.Headers.Location = $"{streaming.Http.Url}/elsewhere-{log.Name}";
            return Task.FromResult(307);
        });
        await StreamingServer.AppendAsync(log, "one");
        JsonElement state = await streaming.WaitAsync(log.Name, one => one.GetProperty("state").GetString() == "failing");
        Assert.Contains("redirect", state.GetProperty("last_failure").GetProperty("reason").GetString(), StringComparison.Ordinal);

        streaming.Http.Answer("/" + log.Name, (context, _) =>
        {
            context.Response.Headers.RetryAfter = "1800";
            return Task.FromResult(503);
        });
        state = await streaming.WaitAsync(log.Name, one => one.GetProperty("last_failure").GetProperty("reason").GetString() == "answered 503" && one.GetProperty("state").GetString() == "failing");
        JsonElement failure = state.GetProperty("last_failure");
        Assert.Equal(TimeSpan.FromSeconds(1800), failure.GetProperty("next_try").GetDateTimeOffset() - failure.GetProperty("at").GetDateTimeOffset());

        streaming.Http.Answer("/" + log.Name, _ => 200);
        Assert.Equal(200, (await streaming.DoAsync(log.Name, "resume")).Status);
        await streaming.SettleAsync(log.Name);
        Assert.Single(streaming.Http.Taken("/" + log.Name));
        Assert.Empty(streaming.Http.Requests("/elsewhere-" + log.Name));
    }

    [Fact]
    public async Task What_was_sent_is_sent_again_from_an_index_or_a_time_and_nothing_is_passed_over()
    {
        TestLog log = await streaming.NewStreamAsync();
        await StreamingServer.AppendAsync(log, "a", "b");
        streaming.Server.Clock.Advance(TimeSpan.FromHours(1));
        string later = Events.Instant.Format(streaming.Server.Clock.GetUtcNow());
        await StreamingServer.AppendAsync(log, "c", "d");
        await streaming.SettleAsync(log.Name);

        (await streaming.DoAsync(log.Name, "replay", $$"""{"log":"{{log.Name}}","from":5}""")).ShouldBeProblem(400, "invalid-parameter", "/from");
        (await streaming.DoAsync(log.Name, "replay", $$"""{"log":"{{log.Name}}","from":"yesterday"}""")).ShouldBeProblem(400, "invalid-parameter", "/from");
        (await streaming.DoAsync(log.Name, "replay", """{"log":"main","from":0}""")).ShouldBeProblem(400, "invalid-parameter", "/log");
        (await streaming.DoAsync("nosuch", "replay", """{"log":"main","from":0}""")).ShouldBeProblem(404, "not-found");
        Assert.Equal(200, (await streaming.DoAsync(log.Name, "replay", $$"""{"log":"{{log.Name}}","from":"{{later}}"}""")).Status);
        await streaming.SettleAsync(log.Name);
        Assert.Equal(200, (await streaming.DoAsync(log.Name, "replay", $$"""{"log":"{{log.Name}}","from":1}""")).Status);
        await streaming.SettleAsync(log.Name);

        JsonElement[] lines = streaming.Http.Taken("/" + log.Name);
        Assert.Equal(["a", "b", "c", "d", "c", "d", "b", "c", "d"], StreamingServer.IdsOf(lines));
        Assert.Equal(4, lines.Select(line => line.GetProperty("id").GetString()).Distinct().Count());
        Assert.Equal([("indelible.stream.start", null), ("indelible.stream.replay", 2L), ("indelible.stream.replay", 1L)], AccessOf(log.Name).Select(entry => (entry.GetProperty("action").GetString(), entry.GetProperty("data").TryGetProperty("from", out JsonElement from) ? from.GetInt64() : (long?)null)));
    }

    [Fact]
    public async Task A_stream_that_is_held_stays_so_over_a_restart_and_goes_on_where_it_was()
    {
        TestLog log = await streaming.NewStreamAsync();
        await StreamingServer.AppendAsync(log, "a");
        await streaming.SettleAsync(log.Name);
        Assert.Equal("paused", (await streaming.DoAsync(log.Name, "pause")).Json.GetProperty("state").GetString());
        await StreamingServer.AppendAsync(log, "b");

        await streaming.RestartAsync();
        JsonElement state = await streaming.StateAsync(log.Name);
        Assert.Equal(("paused", 1), (state.GetProperty("state").GetString(), state.GetProperty("logs")[0].GetProperty("lag").GetInt32()));
        Assert.Equal(200, (await streaming.DoAsync(log.Name, "resume")).Status);
        await streaming.SettleAsync(log.Name);

        Assert.Equal(["a", "b"], StreamingServer.IdsOf(streaming.Http.Taken("/" + log.Name)));
        Assert.Equal(["indelible.stream.start", "indelible.stream.pause", "indelible.stream.start", "indelible.stream.resume"], AccessOf(log.Name).Select(entry => entry.GetProperty("action").GetString()));
    }

    [Fact]
    public async Task One_that_is_slow_delays_no_other_and_how_far_each_is_behind_is_a_metric()
    {
        TestLog log = await streaming.NewStreamAsync();
        string quick = log.Name + "-quick";
        await streaming.StreamAsync($"  - {{name: {quick}, log: {log.Name}, to: {{http: {{url: '{streaming.Http.Url}/{quick}', insecure: true}}}}}}\n");
        var done = new TaskCompletionSource();
        streaming.Http.Answer("/" + log.Name, async (_, _) =>
        {
            await done.Task;
            return 200;
        });
        await log.FillAsync(3);

        await streaming.SettleAsync(quick);
        string metrics = (await streaming.Server.GetAsync("metrics", streaming.Server.AdminKey)).Text;
        done.SetResult();
        await streaming.SettleAsync(log.Name);

        Assert.Equal(3, streaming.Http.Taken("/" + quick).Length);
        string[] lines = [.. metrics.Split('\n').Where(line => line.StartsWith("indelible_streams_", StringComparison.Ordinal))];
        Assert.Equal(3, ValueOf(lines, "indelible_streams_lag{", log.Name));
        Assert.Equal(0, ValueOf(lines, "indelible_streams_lag{", quick));
        Assert.Equal(3, ValueOf(lines, "indelible_streams_sent_total{", quick));
        Assert.Equal(0, ValueOf(lines, "indelible_streams_lag_seconds{", quick));
    }

    [Fact]
    public async Task A_stream_that_begins_now_sends_what_comes_and_one_of_alerts_what_is_raised()
    {
        TestLog log = await streaming.Server.NewLogAsync();
        await StreamingServer.AppendAsync(log, "before");
        await streaming.StreamAsync($"  - {{name: {log.Name}, log: [{log.Name}, _alerts], from: now, to: {{http: {{url: '{streaming.Http.Url}/{log.Name}', insecure: true}}}}}}\n");
        await StreamingServer.AppendAsync(log, "after");
        await streaming.Server.Engine.NoteVerificationAsync(log.Name, isValid: false, isAlert: true, data => data.WriteString("problem", "a test"));

        await streaming.WaitAsync(log.Name, state => state.GetProperty("sent").GetInt64() >= 2);

        JsonElement[] lines = streaming.Http.Taken("/" + log.Name);
        Assert.Equal("after", Assert.Single(StreamingServer.IdsOf(lines.Where(line => line.GetProperty("log").GetString() == log.Name))));
        Assert.Contains(lines, line => line.GetProperty("log").GetString() == "_alerts" && line.GetRawText().Contains($"\"{log.Name}\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_entry_that_was_altered_is_listed_and_passed_over_and_one_that_gets_in_the_way_of_nothing_else()
    {
        TestLog log = await streaming.NewStreamAsync();
        Assert.Equal(200, (await streaming.DoAsync(log.Name, "pause")).Status);
        await log.FillAsync(300);
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (streaming.Server.Engine.Find(log.Name)!.SealedSize < 256)
        {
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        await streaming.Server.StopAsync();
        string segment = Assert.Single(Directory.EnumerateFiles(streaming.Server.Folder, "*.segment", SearchOption.AllDirectories), path => path.Contains($"/{log.Name}/", StringComparison.Ordinal));
        byte[] bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 3] ^= 0x10;
        File.SetAttributes(segment, FileAttributes.Normal);
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);
        await streaming.Server.StartAsync();
        Assert.Equal(200, (await streaming.DoAsync(log.Name, "resume")).Status);
        JsonElement state = await streaming.SettleAsync(log.Name);

        long[] lost = [.. state.GetProperty("refused").GetProperty("last").EnumerateArray().Select(entry => entry.GetProperty("index").GetInt64())];
        Assert.NotEmpty(lost);
        Assert.All(state.GetProperty("refused").GetProperty("last").EnumerateArray(), entry => Assert.Contains("altered", entry.GetProperty("reason").GetString(), StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(0, 300).Select(i => (long)i).Except(lost), StreamingServer.IndexesOf(streaming.Http.Taken("/" + log.Name)));
    }

    [Fact]
    public async Task Nothing_more_is_sent_until_it_is_on_the_disk_how_far_the_stream_has_come()
    {
        TestLog log = await streaming.NewStreamAsync();
        await StreamingServer.AppendAsync(log, "a");
        await streaming.SettleAsync(log.Name);
        string cursor = Path.Combine(streaming.Server.Folder, "streams", log.Name + ".json");
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (JsonElement.Parse(await File.ReadAllBytesAsync(cursor, timeout.Token)).GetProperty("logs").GetProperty(log.Name).GetInt64() < 1)
        {
            // It is idle a moment before that is on the disk.
            await Task.Yield();
        }

        File.Delete(cursor);
        Directory.CreateDirectory(cursor);

        await StreamingServer.AppendAsync(log, "b");
        string at = FailedAt(await streaming.WaitAsync(log.Name, state => FailedAt(state).Length > 0));
        await StreamingServer.AppendAsync(log, "c");
        for (int i = 0; i < 2; i++)
        {
            JsonElement again = await streaming.WaitAsync(log.Name, state => FailedAt(state) != at);
            Assert.Equal("how far it has come could not be written to the disk", again.GetProperty("last_failure").GetProperty("reason").GetString());
            at = FailedAt(again);
        }

        Assert.Equal(["a", "b"], StreamingServer.IdsOf(streaming.Http.Taken("/" + log.Name)));
        Directory.Delete(cursor);
        await streaming.SettleAsync(log.Name);
        Assert.Equal(["a", "b", "c"], StreamingServer.IdsOf(streaming.Http.Taken("/" + log.Name)));

        static string FailedAt(JsonElement state) => state.TryGetProperty("last_failure", out JsonElement failure) && failure.ValueKind == JsonValueKind.Object ? failure.GetProperty("at").GetString()! : "";
    }

    [Fact]
    public async Task Splunk_events_have_their_time_beside_them()
    {
        TestLog log = await streaming.NewStreamAsync(http: "body: splunk_event");
        Assert.Equal(201, (await log.AppendAsync(TestLog.Event("one", ("time", "\"2026-11-23T06:14:25.1234567Z\"")))).Status);
        await streaming.SettleAsync(log.Name);

        (Received request, _) = Assert.Single(streaming.Http.Requests("/" + log.Name));
        Assert.Equal("application/json", request.Headers["Content-Type"]);
        JsonElement line = Assert.Single(request.Lines);
        Assert.Equal(("1795414465.123", "indelible:" + log.Name, $"{log.Origin}#0"), (line.GetProperty("time").GetRawText(), line.GetProperty("source").GetString(), line.GetProperty("event").GetProperty("id").GetString()));
    }

    [Fact]
    public async Task Of_a_bulk_what_is_taken_is_there_once_and_what_is_refused_is_found_whatever_status_the_whole_has()
    {
        TestLog log = await streaming.NewStreamAsync(http: "body: elastic_bulk");
        var documents = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        int asked = 0;
        streaming.Http.Answer("/" + log.Name, (context, received) =>
        {
            int number = ++asked;
            if (number == 1)
            {
                context.Items["answer"] = "<html>who are you?</html>";
                return Task.FromResult(200);
            }

            var statuses = new List<int>();
            foreach (JsonElement[] pair in received.Lines.Chunk(2))
            {
                string id = pair[0].GetProperty("create").GetProperty("_id").GetString()!;
                int status = number == 2 && statuses.Count == 3 ? 429 : pair[1].GetRawText().Contains("poison", StringComparison.Ordinal) ? 400 : documents.TryAdd(id, pair[1]) ? 201 : 409;
                statuses.Add(status);
            }

            context.Items["answer"] = JsonSerializer.Serialize(new { took = 1, errors = statuses.Any(status => status > 299), items = statuses.Select(status => new { create = new { status, error = new { reason = "s3cret" } } }) });
            return Task.FromResult(200);
        });
        await StreamingServer.AppendAsync(log, "a", "b", "c", "d", "poison", "e", "f");

        JsonElement settled = await streaming.SettleAsync(log.Name);

        Assert.Equal("answered 429 for an entry", settled.GetProperty("last_failure").GetProperty("reason").GetString());
        Assert.DoesNotContain("s3cret", settled.GetRawText(), StringComparison.Ordinal);
        Assert.Equal([0, 1, 2, 3, 5, 6], documents.Values.Select(document => document.GetProperty("index").GetInt32()).Order());
        Assert.All(documents, document => Assert.Equal(document.Key, document.Value.GetProperty("id").GetString()));
        JsonElement refused = Assert.Single(settled.GetProperty("refused").GetProperty("last").EnumerateArray());
        Assert.Equal((4, "answered 400 for it"), (refused.GetProperty("index").GetInt32(), refused.GetProperty("reason").GetString()));
    }

    private static double ValueOf(string[] metrics, string name, string stream)
    {
        string[] found = [.. metrics.Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Contains($"stream=\"{stream}\"", StringComparison.Ordinal))];
        Assert.True(found.Length == 1, $"{name} of {stream} is there {found.Length} times in {string.Join('\n', metrics)}");
        return double.Parse(found[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private IEnumerable<JsonElement> AccessOf(string stream)
    {
        LogReader access = streaming.Server.Engine.Find("_access")!;
        return Enumerable.Range(0, (int)access.Size).Select(index => JsonElement.Parse(access.ReadEntry(index).Span))
            .Where(entry => entry.TryGetProperty("targets", out JsonElement targets) && targets[0].GetProperty("type").GetString() == "stream" && targets[0].GetProperty("id").GetString() == stream);
    }
}
