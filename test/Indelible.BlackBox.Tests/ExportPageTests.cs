using System.Text.Json;
using System.Text.RegularExpressions;

namespace Indelible.BlackBox.Tests;

/// <summary><c>docs/export.md</c>, followed to the letter: its commands are run as they stand there, on the demonstration.</summary>
public sealed partial class ExportPageTests
{
    [Fact]
    public async Task A_newcomer_exports_for_an_auditor_who_verifies_it_from_the_page_alone()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        string page = await File.ReadAllTextAsync(Path.Combine(Path.GetDirectoryName(Command.Metadata("GoCheck"))!, "..", "..", "docs", "export.md"), TestContext.Current.CancellationToken);
        string[] blocks = [.. ShellBlock().Matches(page).Select(match => match.Groups[1].Value)];
        Assert.Equal(6, blocks.Length);
        (await Command.RunAsync("demo", "--events", "20000", "--url", server.Url, "--key", server.WriterKey)).ShouldEnd(0);
        string work = Directory.CreateDirectory(Path.Combine(server.Folder, "work")).FullName;
        string script = $$"""
            set -eu
            cd '{{work}}'
            indelible() { '{{Command.Metadata("Command")}}' "$@"; }
            ADMIN='{{server.AdminKey}}' VKEY='{{server.Vkey}}'
            {{string.Join('\n', blocks).Replace("http://127.0.0.1:7480", server.Url, StringComparison.Ordinal)}}
            indelible verify --vkey "$VKEY" --export export.ndjson
            """;

        Finished done = (await Command.ProgramAsync("/bin/sh", script, "-s")).ShouldEnd(0);

        Assert.Equal(2, Regex.Count(done.Output, "VALID: localhost:7480/logs/main"));
        string[] files = ["export.ndjson", "export.ndjson.manifest.json", "headers.txt", "october.csv", "october.csv.manifest.json", "october.ndjson", "october.ndjson.manifest.json"];
        Assert.Equal(files, Directory.GetFiles(work).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(work, "october.ndjson"), TestContext.Current.CancellationToken);
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.StartsWith("2026-10-", JsonElement.Parse(line).GetProperty("entry").GetProperty("time").GetString(), StringComparison.Ordinal));
        Assert.Equal(lines.Length + 1, (await File.ReadAllLinesAsync(Path.Combine(work, "october.csv"), TestContext.Current.CancellationToken)).Length);
        Assert.DoesNotContain("\"personal\"", string.Concat(lines), StringComparison.Ordinal);
        Assert.Equal(
            SizeOf(await File.ReadAllBytesAsync(Path.Combine(work, "october.ndjson.manifest.json"), TestContext.Current.CancellationToken)),
            SizeOf(await File.ReadAllBytesAsync(Path.Combine(work, "october.csv.manifest.json"), TestContext.Current.CancellationToken)));
    }

    private static long SizeOf(byte[] manifest) => JsonElement.Parse(manifest).GetProperty("as_of").GetInt64();

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ShellBlock();
}
