using System.Text.Json;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Verification;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>Keys are rotated over HTTP, and whoever pins any of them verifies what is served.</summary>
public sealed class RotationTests
{
    [Fact]
    public async Task A_rotated_log_is_valid_for_who_pins_its_first_key_and_for_who_pins_its_last()
    {
        await using var server = new TestServer();
        await server.InitializeAsync();
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(300);
        var vkeys = new List<string> { log.Vkey };
        for (int i = 0; i < 3; i++)
        {
            Answer done = await server.PostAsync($"api/logs/{log.Name}/rotate", await server.CustodianAsync(), "");
            Assert.Equal(200, done.Status);
            Assert.Equal(vkeys[^1], done.Json.GetProperty("old_vkey").GetString());
            Assert.True(done.Json.GetProperty("handover_size").GetInt64() > done.Json.GetProperty("index").GetInt64());
            Assert.True(done.Json.GetProperty("old_key_destroyed").GetBoolean());
            vkeys.Add(done.Json.GetProperty("new_vkey").GetString()!);
            await log.FillAsync(5);
        }

        Assert.Equal(4, vkeys.Distinct().Count());
        JsonElement listed = (await server.GetAsync("api/logs", server.AdminKey)).Json;
        Assert.Equal(vkeys[^1], listed.GetProperty("logs").EnumerateArray().Single(one => one.GetProperty("name").GetString() == log.Name).GetProperty("vkey").GetString());
        foreach (string vkey in vkeys)
        {
            await ValidAsync(server, log, vkey);
        }

        // The same from the files, and after a start.
        JsonElement runs = (await server.PostAsync("api/verification", server.AdminKey, "")).Json.GetProperty("runs");
        Assert.All(runs.EnumerateArray(), run => Assert.True(run.GetProperty("verdict").GetString() == "valid", run.GetRawText()));
        await server.StopAsync();
        await server.StartAsync();
        await log.FillAsync(5);
        await ValidAsync(server, log, vkeys[0]);
        await ValidAsync(server, log, vkeys[^1]);
    }

    [Fact]
    public async Task A_state_kept_under_the_old_key_goes_on_under_the_old_key_and_under_the_new()
    {
        await using var server = new TestServer();
        await server.InitializeAsync();
        TestLog log = await server.NewLogAsync();
        string state = Path.Combine(server.Folder, "state");
        await log.FillAsync(10);
        await RememberAsync(server, log, log.Vkey, state);
        string next = (await server.PostAsync($"api/logs/{log.Name}/rotate", await server.CustodianAsync(), "")).Json.GetProperty("new_vkey").GetString()!;
        await log.FillAsync(10);
        File.Copy(state, state + "2");

        await RememberAsync(server, log, log.Vkey, state);
        Assert.True(File.Exists(state + ".handovers"));
        await RememberAsync(server, log, next, state);
        await RememberAsync(server, log, log.Vkey, state);

        // A log that shows fewer handovers than were seen leads nobody back.
        using VerifierState remembered = VerifierState.Open(state, CheckpointTrust.InKey(Ed25519NoteVerifier.FromVkey(log.Vkey)));
        Assert.Equal(2, remembered.Trust.Vkeys.Count);
        Assert.Equal(21, remembered.Remembered!.Head.Size);
    }

    [Fact]
    public async Task Receipts_of_both_keys_are_good_for_who_pins_either()
    {
        await using var server = new TestServer();
        await server.InitializeAsync();
        TestLog log = await server.NewLogAsync();
        var answers = new List<string> { Line(await log.AppendAsync(TestLog.Event("one"))) };
        var vkeys = new List<string> { server.ReceiptsVkey };
        for (int i = 0; i < 2; i++)
        {
            Answer done = await server.PostAsync("api/receipts/rotate", await server.CustodianAsync(), "");
            Assert.Equal(200, done.Status);
            Assert.Equal(vkeys[^1], done.Json.GetProperty("old_vkey").GetString());
            Assert.False(done.Json.TryGetProperty("handover_size", out _));
            vkeys.Add(done.Json.GetProperty("new_vkey").GetString()!);
            answers.Add(Line(await log.AppendAsync(TestLog.Event($"after-{i}"), "?ack=published")));
        }

        Assert.Equal(vkeys[^1], (await server.GetAsync("api/logs", log.ReaderKey)).Json.GetProperty("receipts_vkey").GetString());
        foreach (string vkey in vkeys)
        {
            VerificationReport report = await VerifyAsync(server, log, log.Vkey, new VerificationRequest
            {
                Receipts = [.. ReceiptFile.Read(answers)],
                ReceiptsKey = VerifierKey.Parse(vkey),
            });
            Assert.True(report.Verdict == Verdict.Valid, string.Join('\n', report.Faults.Concat(report.Unclear)));
            Assert.Contains(report.Checked, done => done.StartsWith("3 of 3 receipts", StringComparison.Ordinal));
            Assert.Contains(report.NotChecked, open => open.Contains("rotation vouched by the old key only", StringComparison.Ordinal));
        }

        // A key that no handover leads to is believed in nothing.
        VerifierKey stranger = Ed25519NoteSigner.FromSeed(VerifierKey.Parse(vkeys[0]).Name, new byte[32]).VerifierKey;
        Assert.Equal(Verdict.NotValid, (await VerifyAsync(server, log, log.Vkey, new VerificationRequest { Receipts = [.. ReceiptFile.Read(answers)], ReceiptsKey = stranger })).Verdict);
        await server.StopAsync();
        await server.StartAsync();
        Assert.Equal(vkeys[^1], server.Engine.ReceiptsVkey);
        JsonElement runs = (await server.PostAsync("api/verification", server.AdminKey, "")).Json.GetProperty("runs");
        Assert.All(runs.EnumerateArray(), run => Assert.True(run.GetProperty("verdict").GetString() == "valid", run.GetRawText()));
    }

    [Fact]
    public async Task Rotations_while_the_log_grows_leave_it_valid_and_its_configuration_too()
    {
        await using var server = new TestServer();
        await server.InitializeAsync();
        TestLog log = await server.NewLogAsync();
        using var stop = new CancellationTokenSource();
        Task growing = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                Assert.Equal(201, (await log.AppendAsync(TestLog.Event($"e-{i}"), i % 2 == 0 ? "?ack=published" : "")).Status);
            }
        });
        string system = server.Engine.Find("_system")!.Settings.Vkey;
        for (int i = 0; i < 5; i++)
        {
            Answer[] both = await Task.WhenAll(
                server.PostAsync($"api/logs/{log.Name}/rotate", await server.CustodianAsync(), ""), server.PostAsync("api/logs/_system/rotate", await server.CustodianAsync(), ""));
            Assert.All(both, done => Assert.Equal(200, done.Status));
            await ValidAsync(server, log, log.Vkey);
        }

        await stop.CancelAsync();
        await growing;
        await ValidAsync(server, log, log.Vkey);
        using var source = new DataFolderLogSource(server.Engine.Folder, "_system", Ed25519NoteVerifier.FromVkey(system), system, null);
        VerificationReport report = (await new LogVerifier(Ed25519NoteVerifier.FromVkey(system), source).VerifyAsync(TestContext.Current.CancellationToken)).Report;
        Assert.True(report.Verdict == Verdict.Valid, string.Join('\n', report.Faults.Concat(report.Unclear)));
        Assert.Contains("handovers lead from the pinned key", report.Checked[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_producer_cannot_make_an_event_that_hands_the_log_over()
    {
        await using var server = new TestServer();
        await server.InitializeAsync();
        TestLog log = await server.NewLogAsync();
        using Ed25519NoteSigner own = Ed25519NoteSigner.FromSeed(log.Origin, new byte[32]);
        string data = JsonSerializer.Serialize(new Dictionary<string, object> { ["log"] = log.Name, ["origin"] = log.Origin, ["old_vkey"] = log.Vkey, ["new_vkey"] = own.VerifierKey.ToString(), ["size"] = 0 });
        await log.AppendAsync(TestLog.Event("forged", ("action", "\"indelible.key.rotate\""), ("data", data)), "?ack=published");
        await log.FillAsync(3);
        await ValidAsync(server, log, log.Vkey);
    }

    private static string Line(Answer answer)
    {
        Assert.Equal(201, answer.Status);
        return answer.Json.GetRawText();
    }

    private static async Task RememberAsync(TestServer server, TestLog log, string vkey, string path)
    {
        var pinned = Ed25519NoteVerifier.FromVkey(vkey);
        using VerifierState state = VerifierState.Open(path, CheckpointTrust.InKey(pinned).With((await log.GetTileAsync("handovers", log.ReaderKey)).Bytes));
        var source = new HttpLogSource(server.Http, new Uri(server.Url, $"logs/{log.Name}"), log.ReaderKey);
        VerificationResult result = await new LogVerifier(state.Trust, source, new VerificationRequest { Remembered = state.Remembered, Frontier = state.Frontier }).VerifyAsync(TestContext.Current.CancellationToken);
        Assert.True(result.Report.Verdict == Verdict.Valid, string.Join('\n', result.Report.Faults));
        state.Remember(result);
    }

    private static async Task ValidAsync(TestServer server, TestLog log, string vkey)
    {
        VerificationReport report = await VerifyAsync(server, log, vkey, new VerificationRequest());
        Assert.True(report.Verdict == Verdict.Valid, string.Join('\n', report.Faults.Concat(report.Unclear)));
    }

    private static async Task<VerificationReport> VerifyAsync(TestServer server, TestLog log, string vkey, VerificationRequest request)
    {
        var source = new HttpLogSource(server.Http, new Uri(server.Url, $"logs/{log.Name}"), log.ReaderKey);
        return (await new LogVerifier(Ed25519NoteVerifier.FromVkey(vkey), source, request).VerifyAsync(TestContext.Current.CancellationToken)).Report;
    }
}
