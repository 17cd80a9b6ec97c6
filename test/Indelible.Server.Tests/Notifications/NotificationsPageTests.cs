using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Indelible.Detection;
using Indelible.Server.Notifications;
using Indelible.Server.Tests.Import;
using Xunit;

namespace Indelible.Server.Tests.Notifications;

/// <summary>docs/notifications.md does what it says: its files are taken, its program verifies what is sent, and it names what there is.</summary>
[Collection(NotifyCollection.Name)]
public sealed partial class NotificationsPageTests(NotifyServer notify)
{
    private const string Python = "/usr/bin/python3";

    private static readonly string s_page = File.ReadAllText(Path.Combine(RepositoryFolder.Find()!, "docs", "notifications.md"));

    [Fact]
    public async Task The_program_of_the_page_takes_what_is_sent_and_nothing_else()
    {
        Assert.SkipUnless(File.Exists(Python), "There is no python3.");
        await notify.RaiseAsync("rule-plain", "u-page");
        Received received = await notify.Receiver.NextAsync("/plain");
        string program = Example("python") + """

            import json, sys
            told = json.load(sys.stdin)
            body, headers, secret, now = base64.b64decode(told["body"]), told["headers"], told["secret"], int(told["headers"]["webhook-timestamp"])
            print(is_genuine(secret, headers, body, now), is_genuine(secret, headers, body + b" ", now), is_genuine(secret, headers, body, now + 301), is_genuine(told["other"], headers, body, now),
                  is_genuine(secret, {**headers, "webhook-id": "ntf_0"}, body, now), is_genuine(secret, {**headers, "webhook-signature": headers["webhook-signature"] + " v1,AAAA"}, body, now))
            """;
        using var process = Process.Start(new ProcessStartInfo(Python, ["-c", program]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await process.StandardInput.WriteAsync(JsonSerializer.Serialize(new Dictionary<string, object> { ["body"] = received.Body, ["headers"] = received.Headers, ["secret"] = NotifyServer.Secret + "\n", ["other"] = NotifyServer.OtherSecret }));
        process.StandardInput.Close();
        Assert.Equal("True False False False False True", (await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim());
    }

    [Fact]
    public void The_files_of_the_page_are_taken()
    {
        string first = Between("cat > notify.yml <<'YAML'\n", "\nYAML\n");
        string[] further = [.. Examples().Where(example => example.Language == "yaml" && example.Text.Contains("kind:", StringComparison.Ordinal) && !example.Text.Contains("# …", StringComparison.Ordinal)).Select(example => example.Text)];
        Assert.Equal(2, further.Length);
        string folder = Directory.CreateTempSubdirectory("indelible-notify-page-").FullName;
        File.WriteAllText(Path.Combine(folder, "oncall"), NotifyServer.Secret);
        File.WriteAllText(Path.Combine(folder, "url"), "https://hooks.example.org/x");
        string text = LocationOf().Replace($"{first}\n{string.Join('\n', further)}", match => $"{{file:{Path.Combine(folder, match.Groups[1].Value == "file:secrets/oncall" ? "oncall" : "url")}}}");
        string path = Path.Combine(folder, "notify.yml");
        File.WriteAllText(path, text);
        bool isTaken = NotifyFile.TryRead(path, TimeProvider.System.GetUtcNow(), out NotifySettings? settings, out IReadOnlyList<RuleFault> faults);
        Assert.True(isTaken, string.Join('\n', faults));
        Assert.Equal(["oncall", "security", "slack-security", "teams-security"], settings!.Named.Select(one => one.Name));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void The_page_names_everything_that_a_template_may_say()
    {
        string table = Between("\n## Templates\n", "\n## ");
        Assert.All(NotifyValues.Names, name => Assert.Contains($"`{name}`", table, StringComparison.Ordinal));
    }

    private static string Between(string begin, string end)
    {
        int from = s_page.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        return s_page[from..s_page.IndexOf(end, from, StringComparison.Ordinal)];
    }

    private static string Example(string language) => Examples().Single(example => example.Language == language).Text;

    private static IEnumerable<(string Language, string Text)> Examples() => Fenced().Matches(s_page).Select(match => (match.Groups[1].Value, match.Groups[2].Value));

    [GeneratedRegex("```([a-z]+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fenced();

    [GeneratedRegex(@"\{((?:env|file):[^{}]*)\}")]
    private static partial Regex LocationOf();
}
