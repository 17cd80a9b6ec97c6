using System.Text.Json;
using System.Text.RegularExpressions;

namespace Indelible.BlackBox.Tests;

/// <summary><c>docs/detection.md</c>, followed to the letter: its commands are run as they stand there.</summary>
public sealed partial class DetectionPageTests
{
    [Fact]
    public async Task A_newcomer_writes_checks_and_tries_rules_from_the_page_alone()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string page = await File.ReadAllTextAsync(Path.Combine(Path.GetDirectoryName(Command.Metadata("GoCheck"))!, "..", "..", "docs", "detection.md"), TestContext.Current.CancellationToken);
            string[] blocks = [.. ShellBlock().Matches(page).Select(match => match.Groups[1].Value).Where(block => !block.Contains("billing", StringComparison.Ordinal) && !block.Contains("serve", StringComparison.Ordinal) && !block.Contains("_alerts", StringComparison.Ordinal) && !block.Contains("indelible alerts", StringComparison.Ordinal) && !block.Contains("rules test", StringComparison.Ordinal))];
            Assert.Equal(5, blocks.Length);
            string script = $$"""
                set -eu
                cd '{{folder}}'
                indelible() { '{{Command.Metadata("Command")}}' "$@"; }
                {{string.Join("\necho ---\n", blocks)}}
                """;

            string[] told = (await Command.ProgramAsync("/bin/sh", script, "-s")).ShouldEnd(0).Output.Split("---\n");

            Assert.Equal("1 rule, 0 correlations, 0 filters; 2 of 2 tests hold.\n", told[1]);
            Assert.Contains("1 rule, 0 correlations, 0 filters; 2 of 2 tests hold.", page, StringComparison.Ordinal);
            Assert.Equal(12, Lines(told[2]).Count(line => line.Contains("high", StringComparison.Ordinal) && line.Contains("Records exported by night", StringComparison.Ordinal)));
            Assert.Contains(Lines(told[3]), line => line.Contains("critical", StringComparison.Ordinal) || line.Contains("u-1041", StringComparison.Ordinal));
            Assert.Equal("2 rules, 2 correlations, 0 filters; 0 of 0 tests hold.", Lines(told[4])[0]);
            Assert.Contains(Lines(told[4]), line => line.Contains("Passwords guessed", StringComparison.Ordinal) && line.Contains("actor=u-1041", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_rule_is_tried_on_the_history_of_a_running_server_as_the_page_says()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        string reader = JsonElement.Parse((await Command.RunAsync("keys", "create", "--kind", "reader", "--log", "main", "--json", "--url", server.Url, "--key", server.AdminKey)).ShouldEnd(0).Output).GetProperty("key").GetString()!;
        (await Command.RunAsync("demo", "--url", server.Url, "--key", server.WriterKey)).ShouldEnd(0);
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string page = await File.ReadAllTextAsync(Path.Combine(Path.GetDirectoryName(Command.Metadata("GoCheck"))!, "..", "..", "docs", "detection.md"), TestContext.Current.CancellationToken);
            string[] blocks = [.. ShellBlock().Matches(page).Select(match => match.Groups[1].Value)];
            string script = $$"""
                set -eu
                cd '{{folder}}'
                export INDELIBLE_URL='{{server.Url}}' INDELIBLE_KEY='{{reader}}'
                indelible() { '{{Command.Metadata("Command")}}' "$@"; }
                {{blocks[0]}}
                {{blocks.Single(block => block.Contains("rules test", StringComparison.Ordinal))}}
                """;

            string[] told = Lines((await Command.ProgramAsync("/bin/sh", script, "-s")).ShouldEnd(0).Output);

            Assert.Equal(12, told.Count(line => line.Contains("high", StringComparison.Ordinal) && line.Contains("Records exported by night", StringComparison.Ordinal)));
            string night = Assert.Single(told, line => line.Contains("One person reads very many records", StringComparison.Ordinal));
            Assert.Contains(night, page, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task The_demonstrations_night_is_told_of_on_a_running_server_and_once_though_it_is_killed_meanwhile()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        await server.KillAsync();
        server.Variables = [("INDELIBLE_RULES", "shipped")];
        await server.StartAsync();
        string reader = JsonElement.Parse((await Command.RunAsync("keys", "create", "--kind", "reader", "--log", "_alerts", "--json", "--url", server.Url, "--key", server.AdminKey)).ShouldEnd(0).Output).GetProperty("key").GetString()!;
        (await Command.RunAsync("demo", "--url", server.Url, "--key", server.WriterKey)).ShouldEnd(0);
        await server.KillAsync();
        await server.StartAsync();

        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        string[] alerts;
        do
        {
            timeout.Token.ThrowIfCancellationRequested();
            alerts = Lines((await Command.RunAsync("search", "--log", "_alerts", "data.severity:(high, critical) data.log:main", "--limit", "1000", "--json", "--url", server.Url, "--key", reader)).ShouldEnd(0).Output);
        }
        while (alerts.Length < 27);

        string[] titles = [.. alerts.Select(line => JsonElement.Parse(line).GetProperty("entry").GetProperty("data").GetProperty("rule").GetProperty("title").GetString()!)];
        Assert.Equal(27, titles.Length);
        Assert.Equal(19, titles.Count(title => title == "One address is refused on many accounts"));
        Assert.Equal(
            [
                "A privileged account is entered with a password alone",
                "An account is entered after refused sign-ins, with a password alone",
                "One person reads very many records",
                "Sign-ins are refused on very many accounts at once",
                "Somebody grants a right to himself",
                "Somebody lowers what is audited",
                "Very many records leave with one account",
                "Who grants rights takes data next",
            ],
            titles.Where(title => title != "One address is refused on many accounts").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_wrong_with_rules_is_named_by_file_line_and_column_and_ends_with_1()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string path = Path.Combine(folder, "wrong.yml");
            await File.WriteAllTextAsync(
                path,
                "title: a\nlogsource: {product: indelible}\ndetection:\n  s:\n    actor|contans: x\n  condition: s\n---\ntitle: b\nlogsource: {product: elsewhere}\ndetection: {s: {a: b}, condition: s}\n",
                TestContext.Current.CancellationToken);

            Finished done = await Command.RunAsync("rules", "check", folder);

            done.ShouldEnd(1);
            Assert.Equal(
                [
                    $"{path}:5:5: There is no modifier contans in Sigma 2.1.",
                    $"{path}:8:1: No mapping describes the log source product elsewhere: its events cannot be told from others.",
                    "0 rules, 0 correlations, 0 filters; 0 of 0 tests hold; 2 documents refused.",
                ],
                Lines(done.Output));
            (await Command.RunAsync("rules", "check", Path.Combine(folder, "absent.yml"))).ShouldEnd(2);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ShellBlock();
}
