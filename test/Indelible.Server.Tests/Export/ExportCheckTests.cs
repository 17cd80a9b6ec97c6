using System.Text;
using Indelible.Keys;
using Indelible.Server.Tests.Api;
using Indelible.Verification;
using Xunit;

namespace Indelible.Server.Tests.Export;

/// <summary>Verifying an export offline: whatever is altered in the file, or in what the manifest says of it, is found out.</summary>
public sealed class ExportCheckTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task An_export_with_proofs_is_valid_under_the_logs_key_and_no_other()
    {
        (TestLog log, Exported export) = await TakeAsync("?q=request.status:3&proofs=true");

        VerificationReport report = await CheckAsync(log, export.Answer.Bytes, export.Manifest);

        Assert.True(report.Verdict == Verdict.Valid, string.Join('\n', report.Faults));
        Assert.Equal(export.Manifest.Count, report.Entries);
        Assert.Contains(report.NotChecked, open => open.Contains("nothing that matches was left out", StringComparison.Ordinal));
        Assert.Equal(Verdict.NotValid, (await CheckAsync(await server.NewLogAsync(), export.Answer.Bytes, export.Manifest)).Verdict);
    }

    [Fact]
    public async Task Of_an_export_of_everything_it_is_told_that_nothing_was_left_out()
    {
        (TestLog log, Exported export) = await TakeAsync("?proofs=true");

        VerificationReport report = await CheckAsync(log, export.Answer.Bytes, export.Manifest);

        Assert.Contains(report.Checked, done => done.StartsWith("nothing was left out", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_altered_bit_goes_unnoticed()
    {
        (TestLog log, Exported export) = await TakeAsync("?q=request.status:3&proofs=true");
        byte[] file = export.Answer.Bytes;
        var random = new Random(4711);
        for (int i = 0; i < file.Length; i += random.Next(1, 40))
        {
            byte[] altered = [.. file];
            altered[i] ^= (byte)(1 << random.Next(8));
            Verdict verdict = (await CheckAsync(log, altered, export.Manifest)).Verdict;
            Assert.True(verdict == Verdict.NotValid, $"byte {i} (seed 4711): {verdict}");
        }
    }

    [Fact]
    public async Task A_manifest_written_to_fit_a_forged_file_saves_no_forgery()
    {
        (TestLog log, Exported export) = await TakeAsync("?q=request.status:3&proofs=true");
        string[] lines = [.. export.Lines];
        foreach ((string what, string[] forged) in new (string, string[])[]
        {
            ("another outcome", [lines[0].Replace("success", "failure", StringComparison.Ordinal), .. lines[1..]]),
            ("another order", [lines[1], lines[0], .. lines[2..]]),
            ("a line twice", [lines[0], .. lines]),
            ("another index", [lines[0].Replace("\"index\":3", "\"index\":4", StringComparison.Ordinal), .. lines[1..]]),
            ("a proof of another", [lines[0][..lines[0].IndexOf("\"proof\"", StringComparison.Ordinal)] + lines[1][lines[1].IndexOf("\"proof\"", StringComparison.Ordinal)..], .. lines[1..]]),
            ("no proof", [lines[0][..lines[0].IndexOf(",\"proof\"", StringComparison.Ordinal)] + "}", .. lines[1..]]),
            ("a member twice", ["{\"index\":3," + lines[0][1..], .. lines[1..]]),
            ("another hash beside it", [lines[0].Replace("\"leaf_hash\":\"", "\"leaf_hash\":\"A", StringComparison.Ordinal), .. lines[1..]]),
            ("not canonical", [lines[0].Replace("\"entry\":{", "\"entry\":{ ", StringComparison.Ordinal), .. lines[1..]]),
            ("no entry", ["{}", .. lines]),
        })
        {
            byte[] file = Encoding.UTF8.GetBytes(string.Concat(forged.Select(line => line + "\n")));
            VerificationReport report = await CheckAsync(log, file, Describing(export.Manifest, file, forged.Length));
            Assert.True(report.Verdict == Verdict.NotValid, what);
        }

        // What a file cannot show: that an entry was left out. The report says that it was not checked.
        byte[] fewer = Encoding.UTF8.GetBytes(string.Concat(lines[1..].Select(line => line + "\n")));
        VerificationReport left = await CheckAsync(log, fewer, Describing(export.Manifest, fewer, lines.Length - 1));
        Assert.Equal(Verdict.Valid, left.Verdict);
        Assert.Contains(left.NotChecked, open => open.Contains("left out", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_proves_nothing_is_never_valid()
    {
        (TestLog log, Exported export) = await TakeAsync("?proofs=true");
        Exported bare = await Exported.TakeAsync(log, "");
        Exported none = await Exported.TakeAsync(log, "?q=needle&proofs=true");

        Assert.Equal(Verdict.CouldNotTell, (await CheckAsync(log, bare.Answer.Bytes, bare.Manifest)).Verdict);
        Assert.Equal(Verdict.CouldNotTell, (await CheckAsync(log, none.Answer.Bytes, none.Manifest)).Verdict);
        Assert.Equal(Verdict.CouldNotTell, (await CheckAsync(log, export.Answer.Bytes, export.Manifest with { IsComplete = false, Broken = "stopping" })).Verdict);
        Assert.Equal(Verdict.NotValid, (await CheckAsync(log, export.Answer.Bytes[..^1], export.Manifest)).Verdict);
        Assert.Equal(Verdict.NotValid, (await CheckAsync(log, export.Answer.Bytes, export.Manifest with { AsOf = 301 })).Verdict);
        Assert.Equal(Verdict.NotValid, (await CheckAsync(log, export.Answer.Bytes, export.Manifest with { AsOf = 7 })).Verdict);
        Assert.Equal(Verdict.NotValid, (await CheckAsync(log, export.Answer.Bytes, export.Manifest with { Checkpoint = "nothing" })).Verdict);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"manifest\":\"indelible.dev/export/v2\"}")]
    [InlineData("{\"manifest\":1}")]
    [InlineData("{\"manifest\":\"indelible.dev/export/v1\",\"manifest\":\"indelible.dev/export/v1\"}")]
    [InlineData("not json")]
    public void What_is_no_manifest_is_not_taken_for_one(string text) => Assert.Throws<TlogFormatException>(() => ExportManifest.Parse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public async Task A_manifest_comes_back_as_it_was_written()
    {
        (_, Exported export) = await TakeAsync("?format=csv&fields=time,actor&from=2026-01-01T00:00:00Z");
        ExportManifest again = ExportManifest.Parse(export.Manifest.ToJson());
        Assert.Equal(export.Manifest.ToJson(), again.ToJson());
        Assert.Equal(export.Manifest with { Fields = null }, again with { Fields = null });
    }

    private async Task<(TestLog Log, Exported Export)> TakeAsync(string parameters)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(300);
        return (log, await Exported.TakeAsync(log, parameters));
    }

    private static ExportManifest Describing(ExportManifest manifest, byte[] file, int count) =>
        manifest with { Count = count, Bytes = file.Length, Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file)) };

    private static async Task<VerificationReport> CheckAsync(TestLog log, byte[] file, ExportManifest manifest)
    {
        using var lines = new MemoryStream(file);
        return await new ExportCheck(CheckpointTrust.InKey(Ed25519NoteVerifier.FromVkey(log.Vkey)), manifest, "file").RunAsync(lines, TestContext.Current.CancellationToken);
    }
}
