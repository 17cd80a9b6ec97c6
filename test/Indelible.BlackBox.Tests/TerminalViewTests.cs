using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Indelible.BlackBox.Tests;

/// <summary>What search, tail and counts look like: on a terminal (a real one, by script(1)), and in a pipe.</summary>
public sealed partial class TerminalViewTests
{
    [Fact]
    public async Task On_a_terminal_lines_are_coloured_and_as_wide_as_it_is_and_elsewhere_nothing_is_cut()
    {
        await using ServerProcess server = await FilledAsync();
        foreach (int width in (int[])[70, 100, 160])
        {
            string screen = await ScreenAsync(server, width, [], "search", "--limit", "3");
            string[] lines = [.. Plain(screen).Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0)];
            Assert.Contains("\u001b[1;31mDENIED", screen, StringComparison.Ordinal);
            Assert.Matches("index +time +outcome +actor +action", lines[0]);
            Assert.All(lines[..4], line => Assert.True(line.Length <= width, line));
            Assert.Equal(width >= 100, lines[0].Contains("target", StringComparison.Ordinal));
        }

        Assert.DoesNotContain("\u001b[1;31m", await ScreenAsync(server, 160, [("NO_COLOR", "1")], "search", "--limit", "3"), StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[1;31m", await ScreenAsync(server, 160, [("TERM", "dumb")], "search", "--limit", "3"), StringComparison.Ordinal);
        Assert.Contains(new string('w', 200), Plain(await ScreenAsync(server, 80, [], "search", "--limit", "1", "--wide")), StringComparison.Ordinal);
        Assert.DoesNotContain(new string('w', 200), Plain(await ScreenAsync(server, 80, [], "search", "--limit", "1")), StringComparison.Ordinal);

        Finished piped = await RunAsync(server, "search", "--limit", "1");
        Assert.DoesNotContain('\u001b', piped.Output);
        Assert.Contains(new string('w', 200), piped.Output, StringComparison.Ordinal);
        Assert.Single(piped.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Columns_are_chosen_by_name_or_as_fields_of_a_query()
    {
        await using ServerProcess server = await FilledAsync();

        Finished chosen = (await RunAsync(server, "search", "--limit", "1", "--columns", "outcome,data.order.total,actor.name,target,actor.roles")).ShouldEnd(0);

        Assert.Matches("^DENIED +4999 +Zoë +invoice i-1 \\+1 +nurse; head", chosen.Output);
        Assert.Contains("nosuch", (await RunAsync(server, "search", "--columns", "nosuch")).ShouldEnd(2).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_pages_are_gone_through_and_totals_say_what_they_are()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        using (HttpClient http = server.Client(server.WriterKey))
        {
            (await http.PostAsync("/api/logs/main/events", ServerProcess.Events(Enumerable.Range(0, 2_500).Select(i => $"e-{i}")), TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        }

        Finished all = (await RunAsync(server, "search", "--all", "--json", "action:test.run")).ShouldEnd(0);
        Finished some = (await RunAsync(server, "search", "--limit", "2")).ShouldEnd(0);

        Assert.Equal(2_500, all.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("index").GetInt64()).Distinct().Count());
        Assert.Contains("2 of 2500, as of size 2500", some.Errors, StringComparison.Ordinal);
        (await RunAsync(server, "search", "--all", "--limit", "2")).ShouldEnd(2);
        Assert.Contains("0 of 0, as of size 7", (await RunAsync(server, "search", "needle", "--as-of", "7")).ShouldEnd(0).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Relative_times_are_told_as_they_were_read()
    {
        await using ServerProcess server = await FilledAsync();
        Finished found = (await RunAsync(server, "search", "time:last7d")).ShouldEnd(0);
        Assert.Matches(@"Read as: time:\[[0-9T:Z-]+ TO [0-9T:Z-]+\}", found.Errors);
        Assert.DoesNotContain("Read as", (await RunAsync(server, "search", "actor:u-1")).Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("actor:(", 7, "^")]
    [InlineData("outcome:success nosuch:1", 16, "^~~~~~")]
    [InlineData("日本 nosuch:1", 5, "^~~~~~")]
    public async Task An_error_of_a_query_stands_under_its_place(string query, int column, string mark)
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        foreach (string[] command in (string[][])[["search", query], ["tail", "-q", query], ["counts", query], ["export", "-q", query]])
        {
            string[] lines = (await RunAsync(server, command)).ShouldEnd(2).Errors.Split('\n');
            Assert.StartsWith("At character", lines[0], StringComparison.Ordinal);
            Assert.Equal("  " + query, lines[1]);
            Assert.Equal(new string(' ', column + 2) + mark, lines[2]);
        }
    }

    [Fact]
    public async Task A_word_with_a_hyphen_before_it_is_excluded_whatever_options_there_are()
    {
        await using ServerProcess server = await FilledAsync();
        Finished found = (await RunAsync(server, "search", "-quota", "--explain", "--limit", "1")).ShouldEnd(0);
        Assert.Contains("quota", found.Output, StringComparison.Ordinal);
        Assert.Matches("(?i)not|none", found.Output);
    }

    [Fact]
    public async Task Counts_are_bars_over_time_and_by_value()
    {
        await using ServerProcess server = await FilledAsync();

        Finished counts = (await RunAsync(server, "counts", "--by", "actor", "--interval", "1d", "--top", "1")).ShouldEnd(0);

        string[] lines = counts.Output.Split('\n');
        Assert.Matches("^2026-11-20 +3 +█+$", lines[0].TrimEnd());
        Assert.Matches("^2026-11-21 +0$", lines[1].TrimEnd());
        Assert.Matches("^2026-11-23 +1 +[█▏▎▍▌▋▊▉]+$", lines[3].TrimEnd());
        Assert.Contains(lines, line => Regex.IsMatch(line, "^u-1 +3 +█+$"));
        Assert.Contains("1 with other values", counts.Output, StringComparison.Ordinal);
        Assert.Contains("4 in all, as of size 4; intervals of 1 d, in UTC", counts.Errors, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse((await RunAsync(server, "counts", "--json", "--by", "actor")).ShouldEnd(0).Output);
        Assert.Equal(4, json.RootElement.GetProperty("total").GetProperty("value").GetInt32());
        (await RunAsync(server, "counts", "--interval", "soon")).ShouldEnd(2);
        (await RunAsync(server, "counts", "--by", "nosuch")).ShouldEnd(2);
        Assert.Contains("0 in all", (await RunAsync(server, "counts", "needle")).ShouldEnd(0).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tail_goes_on_behind_the_last_entry_when_the_server_comes_back()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        using HttpClient http = server.Client(server.WriterKey);
        using Process tail = Command.Start(Command.Metadata("Command"), ["tail", "--json", "--after", "0", "-q", "action:test.run", "--url", server.Url, "--key", server.ReaderKey]);
        Task<string> errors = tail.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await AppendAsync(http, "e-0", "e-1");
        Assert.Equal(1, await NextAsync(tail));

        await server.KillAsync();
        await server.StartAsync();
        await AppendAsync(http, "e-2", "e-3");
        Assert.Equal(2, await NextAsync(tail));
        Assert.Equal(3, await NextAsync(tail));

        Assert.Equal(0, await server.StopAsync());
        await server.StartAsync();
        await AppendAsync(http, "e-4");
        Assert.Equal(4, await NextAsync(tail));
        tail.Kill();
        Assert.Contains("Trying again", await errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tail_whose_key_is_revoked_ends_and_says_why()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        Finished made = (await Command.RunAsync("keys", "create", "--kind", "reader", "--log", "main", "--url", server.Url, "--key", server.AdminKey, "--json")).ShouldEnd(0);
        using JsonDocument key = JsonDocument.Parse(made.Output);
        using HttpClient http = server.Client(server.WriterKey);
        using Process tail = Command.Start(Command.Metadata("Command"), ["tail", "--json", "--after", "0", "--url", server.Url, "--key", key.RootElement.GetProperty("key").GetString()!]);
        Task<string> errors = tail.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await AppendAsync(http, "e-0", "e-1");
        Assert.Equal(1, await NextAsync(tail));

        (await Command.RunAsync("keys", "revoke", key.RootElement.GetProperty("id").GetString()!, "--url", server.Url, "--key", server.AdminKey)).ShouldEnd(0);

        await tail.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3, tail.ExitCode);
        Assert.Contains("revoked", await errors, StringComparison.Ordinal);
    }

    private static async Task<long> NextAsync(Process tail)
    {
        string line = await tail.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromMinutes(2)) ?? "";
        return JsonDocument.Parse(line).RootElement.GetProperty("index").GetInt64();
    }

    private static async Task AppendAsync(HttpClient http, params string[] ids)
    {
        using HttpResponseMessage response = await http.PostAsync("/api/logs/main/events", ServerProcess.Events(ids));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    private static Task<Finished> RunAsync(ServerProcess server, params string[] arguments) => Command.RunAsync([.. arguments, "--url", server.Url, "--key", server.ReaderKey]);

    /// <summary>What a terminal of a width is sent.</summary>
    private static async Task<string> ScreenAsync(ServerProcess server, int width, (string Name, string Value)[] environment, params string[] arguments)
    {
        string command = string.Join(' ', (string[])[Command.Metadata("Command"), .. arguments, "--url", server.Url, "--key", server.ReaderKey]);
        using Process script = Command.Start(
            "/usr/bin/script", ["-qec", $"stty cols {width.ToString(CultureInfo.InvariantCulture)}; {command}", "/dev/null"], withInput: true, [("TERM", "xterm-256color"), ("NO_COLOR", ""), .. environment]);
        string screen = await script.StandardOutput.ReadToEndAsync();
        await script.WaitForExitAsync();
        Assert.True(script.ExitCode == 0, screen);
        return screen;
    }

    private static string Plain(string screen) => Sequence().Replace(screen, "");

    private static async Task<ServerProcess> FilledAsync()
    {
        ServerProcess server = await ServerProcess.CreateAsync();
        using HttpClient http = server.Client(server.WriterKey);
        const string Rest = "\"action\":\"invoice.refund.approve\",\"service\":{\"name\":\"billing\"}";
        string lines = string.Join('\n', (string[])[
            .. Enumerable.Range(0, 3).Select(i => $$$"""{"schema":"audit/1","id":"{{{i}}}","time":"2026-11-20T06:14:25.1234567Z","outcome":"success","actor":{"id":"u-1","type":"user"},{{{Rest}}}}"""),
            $$"""
            {"schema":"audit/1","id":"3","time":"2026-11-23T06:14:25Z","outcome":"failure","decision":{"effect":"deny"},"actor":{"id":"u-2","type":"user","name":"Zoë","roles":["nurse","head"]},{{Rest}},
            "targets":[{"type":"invoice","id":"i-1"},{"type":"invoice","id":"i-2"}],"source":{"ip":"192.0.2.7"},"message":"{{new string('w', 200)}}","data":{"order":{"total":4999} } }
            """.ReplaceLineEndings("")]);
        using HttpResponseMessage response = await http.PostAsync("/api/logs/main/events", new StringContent(lines, Encoding.UTF8, "application/x-ndjson"));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return server;
    }

    [GeneratedRegex("\u001b\\[[0-9;?]*[a-zA-Z]|\u001b[=>]")]
    private static partial Regex Sequence();
}
