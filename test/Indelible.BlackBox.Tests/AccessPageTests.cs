using System.Text.RegularExpressions;

namespace Indelible.BlackBox.Tests;

/// <summary><c>docs/access.md</c>, followed to the letter: its commands are run as they stand there.</summary>
public sealed partial class AccessPageTests
{
    [Fact]
    public async Task A_new_administrator_sets_up_two_tenants_from_the_page_alone_and_the_auditor_proves_who_granted_what()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        string page = await File.ReadAllTextAsync(Path.Combine(Path.GetDirectoryName(Command.Metadata("GoCheck"))!, "..", "..", "docs", "access.md"));
        string walk = page[page.IndexOf("## Two tenants, from nothing", StringComparison.Ordinal)..page.IndexOf("## Roles", StringComparison.Ordinal)];
        string[] blocks = [.. ShellBlock().Matches(walk).Select(match => match.Groups[1].Value)];
        Assert.InRange(blocks.Length, 6, 12);
        string events = string.Join('\n', new[] { ("i-1", "invoice", "billing"), ("i-2", "customer", "billing"), ("i-3", "invoice", "archive") }.Select(item =>
            $$$"""{"schema":"audit/1","id":"{{{item.Item1}}}","time":"2026-11-23T06:14:25Z","action":"invoice.pay","outcome":"success","actor":{"id":"u-1","type":"user","name":"Ada Lovelace"},"targets":[{"type":"{{{item.Item2}}}","id":"t"}],"service":{"name":"{{{item.Item3}}}"}}"""));
        string vkey = (await Command.RunAsync("logs", "--json", "--url", server.Url, "--key", server.AdminKey)).ShouldEnd(0).Output;
        string systemVkey = SystemVkey().Match(vkey).Groups[1].Value;

        // The auditor's commands stand in the last block; the entry that he shows is one that the search before it found.
        string script = $$"""
            set -eu
            cd '{{server.Folder}}'
            indelible() { '{{Command.Metadata("Command")}}' "$@"; }
            export INDELIBLE_URL='{{server.Url}}' SYSTEM_VKEY='{{systemVkey}}'
            {{string.Join('\n', blocks[..^1]).Replace("ind_a_…", server.AdminKey, StringComparison.Ordinal)}}
            cat > events.ndjson <<'EVENTS'
            {{events}}
            EVENTS
            indelible append events.ndjson --log acme.billing --key $ACME_WRITER >/dev/null
            echo "CLERK"; indelible search --json --log acme.billing --key $ACME_CLERK 2>/dev/null
            echo "OTHER"; indelible logs --key $GLOBEX_ADMIN; indelible keys list --key $GLOBEX_ADMIN; indelible search --log acme.billing --key $GLOBEX_WRITER 2>&1 || true
            indelible search --log acme.crm --key $ACME_CLERK 2>&1 || true
            echo "WHO"; indelible whoami --key $ACME_AUDITOR
            echo "AUDITOR"
            INDEX=$(indelible search action:indelible.grant.create --log _system --json --limit 1 --key $ACME_AUDITOR 2>/dev/null | sed -E 's/^."index":([0-9]+).*/\1/')
            {{blocks[^1].Replace("show 17 ", "show $INDEX ", StringComparison.Ordinal)}}
            """;

        Finished done = (await Command.ProgramAsync("/bin/sh", script, "-s")).ShouldEnd(0);

        string clerk = Between(done.Output, "CLERK", "OTHER");
        Assert.Contains("\"i-1\"", clerk, StringComparison.Ordinal);
        Assert.DoesNotContain("\"i-2\"", clerk, StringComparison.Ordinal);
        Assert.DoesNotContain("\"i-3\"", clerk, StringComparison.Ordinal);
        Assert.DoesNotContain("Lovelace", clerk, StringComparison.Ordinal);
        string other = Between(done.Output, "OTHER", "WHO");
        Assert.Contains("globex.orders", other, StringComparison.Ordinal);
        Assert.DoesNotContain("acme/", other, StringComparison.Ordinal);
        Assert.Contains("No log 'acme.billing' exists that this key is for", other, StringComparison.Ordinal);
        Assert.Contains("No log 'acme.crm' exists that this key is for", other, StringComparison.Ordinal);
        Assert.Equal(["_access", "_system", "acme.billing", "acme.crm"], LogOfLine().Matches(Between(done.Output, "WHO", "AUDITOR")).Select(match => match.Groups[1].Value));
        string auditor = done.Output[done.Output.IndexOf("AUDITOR", StringComparison.Ordinal)..];
        Assert.Contains("indelible.grant.create", auditor, StringComparison.Ordinal);
        Assert.Contains("indelible.log.search", auditor, StringComparison.Ordinal);
        Assert.Contains("indelible.request.refuse", auditor, StringComparison.Ordinal);
        Assert.Contains("VALID: localhost:7480/logs/_system", auditor, StringComparison.Ordinal);
        Assert.DoesNotContain("globex", auditor, StringComparison.Ordinal);
    }

    private static string Between(string text, string from, string to) => text[text.IndexOf(from, StringComparison.Ordinal)..text.IndexOf(to, StringComparison.Ordinal)];

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex("\"vkey\":\"([^\"]*/logs/_system\\+[^\"]*)\"")]
    private static partial Regex SystemVkey();

    [GeneratedRegex("^  (\\S+) ", RegexOptions.Multiline)]
    private static partial Regex LogOfLine();
}
