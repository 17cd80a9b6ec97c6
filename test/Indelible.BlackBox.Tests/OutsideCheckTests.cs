using System.Net;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Proofs;

namespace Indelible.BlackBox.Tests;

/// <summary>What we serve is checked by a program on Go's own transparency-log library, and we check what that program makes.</summary>
public sealed class OutsideCheckTests : IAsyncLifetime
{
    private string _folder = "";
    private string _gocheck = "";

    public async ValueTask InitializeAsync()
    {
        _folder = Directory.CreateTempSubdirectory("indelible-test-").FullName;
        _gocheck = Path.Combine(_folder, "gocheck");
        Finished built = await Command.ProgramAsync("/bin/sh", null, Command.Metadata("GoCheck"), _gocheck);
        Assert.SkipWhen(built.Code == 3, "Go or its transparency-log package is not installed (golang-go, golang-golang-x-mod-dev).");
        built.ShouldEnd(0);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_rotated_log_and_its_receipts_hold_outside_under_the_keys_that_sign_now()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        using HttpClient writer = server.Client(server.WriterKey);
        string served = server.Url + "/logs/main";
        string[] vkeys = new string[2];
        foreach ((int i, string[] which) in new[] { (0, new[] { "--log", "main" }), (1, ["--receipts"]) })
        {
            Finished done = (await Command.RunAsync(["keys", "rotate", .. which, "--url", server.Url, "--key", await server.NewCustodianAsync(), "--json"])).ShouldEnd(0);
            vkeys[i] = System.Text.Json.JsonElement.Parse(done.Output).GetProperty("new_vkey").GetString()!;

            // The head of the handover itself: two signatures under one name.
            (await GoAsync("log", "-vkey", vkeys[0], "-url", served, "-key", server.ReaderKey)).ShouldEnd(0);
            (await GoAsync("log", "-vkey", server.Vkey, "-url", served, "-key", server.ReaderKey)).ShouldEnd(0);
        }

        using HttpResponseMessage appended = await writer.PostAsync("/api/logs/main/events?ack=published", ServerProcess.Events("after"));
        string receipts = Path.Combine(_folder, "rotated.json");
        await File.WriteAllTextAsync(receipts, await appended.Content.ReadAsStringAsync());
        (await GoAsync("log", "-vkey", vkeys[0], "-url", served, "-key", server.ReaderKey)).ShouldEnd(0);
        (await GoAsync("receipt", "-vkey", vkeys[1], receipts)).ShouldEnd(0);
        Assert.NotEqual(0, (await GoAsync("log", "-vkey", server.Vkey, "-url", served, "-key", server.ReaderKey)).Code);
        Assert.NotEqual(0, (await GoAsync("receipt", "-vkey", server.ReceiptsVkey, receipts)).Code);
    }

    [Fact]
    public async Task Served_and_exported_logs_proofs_receipts_and_growth_hold_outside()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        using HttpClient writer = server.Client(server.WriterKey);
        using HttpClient reader = server.Client(server.ReaderKey);
        string served = server.Url + "/logs/main";
        string old = Path.Combine(_folder, "old-checkpoint");
        int size = 0;
        foreach (int next in new[] { 1, 255, 256, 257, 600 })
        {
            using HttpResponseMessage appended = await writer.PostAsync(
                "/api/logs/main/events?ack=published", ServerProcess.Events(Enumerable.Range(size, next - size).Select(i => $"e-{i}")));
            Assert.Equal(HttpStatusCode.Created, appended.StatusCode);
            string receipts = Path.Combine(_folder, "receipts.json");
            await File.WriteAllTextAsync(receipts, await appended.Content.ReadAsStringAsync());
            (await GoAsync("log", "-vkey", server.Vkey, "-url", served, "-key", server.ReaderKey)).ShouldEnd(0);
            (await GoAsync("receipt", "-vkey", server.ReceiptsVkey, receipts)).ShouldEnd(0);
            if (size > 0)
            {
                (await GoAsync("consistency", "-vkey", server.Vkey, "-old", old, "-url", served, "-key", server.ReaderKey)).ShouldEnd(0);
            }

            size = next;
            await File.WriteAllBytesAsync(old, await reader.GetByteArrayAsync("/logs/main/checkpoint"));
        }

        string entry = Path.Combine(_folder, "entry.json");
        string proof = Path.Combine(_folder, "entry.tlog-proof");
        await File.WriteAllBytesAsync(entry, await reader.GetByteArrayAsync("/api/logs/main/events/300"));
        await File.WriteAllBytesAsync(proof, await reader.GetByteArrayAsync("/api/logs/main/events/300/proof"));
        (await GoAsync("proof", "-vkey", server.Vkey, "-entry", entry, proof)).ShouldEnd(0);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--entry", entry, "--proof", proof)).ShouldEnd(0);

        string exported = Path.Combine(_folder, "exported");
        (await Command.RunAsync("export", "--format", "tiles", "--out", exported, "--url", server.Url, "--key", server.ReaderKey)).ShouldEnd(0);
        (await GoAsync("log", "-vkey", server.Vkey, "-dir", exported)).ShouldEnd(0);
        foreach (string file in new[] { "tile/entries/001", "tile/0/000", "tile/1/000.p/2", "checkpoint" })
        {
            string path = Path.Combine(exported, file);
            byte[] intact = await File.ReadAllBytesAsync(path);
            byte[] altered = [.. intact];
            altered[altered.Length / 2] ^= 1;
            await File.WriteAllBytesAsync(path, altered);
            (await GoAsync("log", "-vkey", server.Vkey, "-dir", exported)).ShouldEnd(1);
            Assert.Contains("NOT VALID", (await Command.RunAsync("verify", "--vkey", server.Vkey, "--dir", exported)).ShouldEnd(1).Output, StringComparison.Ordinal);
            await File.WriteAllBytesAsync(path, intact);
        }

        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--dir", exported)).ShouldEnd(0);
        await File.WriteAllTextAsync(entry, "{}");
        (await GoAsync("proof", "-vkey", server.Vkey, "-entry", entry, proof)).ShouldEnd(1);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--entry", entry, "--proof", proof)).ShouldEnd(1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(256)]
    [InlineData(700)]
    public async Task What_the_outside_program_makes_holds_here(int size)
    {
        string made = Path.Combine(_folder, "made");
        string vkey = (await GoAsync("make", "-dir", made, "-n", $"{size}", "-seed", "7")).ShouldEnd(0).Output.Trim().Split('\n')[^1];
        Ed25519NoteVerifier logKey = Ed25519NoteVerifier.FromVkey(vkey);
        Assert.Equal(size, VerifiedCheckpoint.Verify(await File.ReadAllBytesAsync(Path.Combine(made, "checkpoint")), logKey.Name, logKey).Head.Size);
        string[] proofs = Directory.GetFiles(made, "proof-*.tlog-proof");
        Assert.NotEmpty(proofs);
        foreach (string proof in proofs)
        {
            byte[] entry = await File.ReadAllBytesAsync(Path.Combine(made, Path.GetFileNameWithoutExtension(proof).Replace("proof-", "entry-", StringComparison.Ordinal)));
            TlogProof parsed = TlogProof.Parse(await File.ReadAllBytesAsync(proof));
            Assert.Equal(size, parsed.Verify(entry, logKey.Name, logKey).Checkpoint.Head.Size);
            entry[^1] ^= 1;
            Assert.Throws<VerificationException>(() => parsed.Verify(entry, logKey.Name, logKey));
        }

        Assert.StartsWith("VALID", (await Command.RunAsync("verify", "--vkey", vkey, "--dir", made)).ShouldEnd(0).Output, StringComparison.Ordinal);
    }

    private Task<Finished> GoAsync(params string[] arguments) => Command.ProgramAsync(_gocheck, null, arguments);
}
