using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Proofs;

namespace Indelible.BlackBox.Tests;

/// <summary>The server is killed under load, again and again: nothing that it acknowledged may be lost, doubled or different.</summary>
/// <remarks>INDELIBLE_KILL_ROUNDS and INDELIBLE_KILL_SEED choose a longer run or another one; eng/soak.sh sets them.</remarks>
public sealed class KillTests
{
    private const int WholeEvery = 20;
    private static readonly int s_rounds = int.Parse(Environment.GetEnvironmentVariable("INDELIBLE_KILL_ROUNDS") ?? "8", CultureInfo.InvariantCulture);
    private static readonly int s_seed = int.Parse(Environment.GetEnvironmentVariable("INDELIBLE_KILL_SEED") ?? "20261123", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Everything_acknowledged_survives_kills_under_load()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {s_seed}, {s_rounds} rounds");
        var random = new Random(s_seed);
        await using ServerProcess server = await ServerProcess.CreateAsync();
        Ed25519NoteVerifier receiptsKey = Ed25519NoteVerifier.FromVkey(server.ReceiptsVkey);
        Ed25519NoteVerifier logKey = Ed25519NoteVerifier.FromVkey(server.Vkey);
        var acknowledged = new ConcurrentDictionary<string, DurableReceipt>();
        string state = Path.Combine(server.Folder, "verifier.state");
        for (int round = 0; round < s_rounds; round++)
        {
            int enough = acknowledged.Count + random.Next(50, 400);
            using var stop = new CancellationTokenSource();
            Task[] clients = [.. Enumerable.Range(0, 6).Select(client => LoadAsync(server, $"r{round}-c{client}", client < 4 ? 1 : 30, acknowledged, stop.Token))];
            while (acknowledged.Count < enough)
            {
                await Task.WhenAny(Task.WhenAll(clients), Task.Yield().AsTask());
            }

            await server.KillAsync();
            await stop.CancelAsync();
            await Task.WhenAll(clients);
            await server.StartAsync();
            await CheckAsync(server, acknowledged, random, receiptsKey, logKey);

            // All of a log that grows with each round would be most of a thousand rounds' work.
            string[] remember = round == 0 ? ["--init-state"] : round % WholeEvery == 0 ? [] : ["--incremental"];
            (await Command.RunAsync(["verify", "--vkey", server.Vkey, "--url", server.Url + "/logs/main", "--key", server.ReaderKey, "--state", state, .. remember])).ShouldEnd(0);

            if (round % WholeEvery == WholeEvery - 1)
            {
                await Console.Error.WriteLineAsync($"seed {s_seed}: {round + 1} of {s_rounds} rounds, {acknowledged.Count} events acknowledged, all of them there");
            }
        }

        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", server.Data)).ShouldEnd(0);
        Assert.Equal(0, await server.StopAsync());
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", server.Data, "--state", state)).ShouldEnd(0);
    }

    [Fact]
    public async Task A_server_told_to_stop_answers_who_waits_and_keeps_all_that_it_acknowledged()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        var acknowledged = new ConcurrentDictionary<string, DurableReceipt>();
        using var stop = new CancellationTokenSource();
        Task[] clients = [.. Enumerable.Range(0, 6).Select(client => LoadAsync(server, $"c{client}", 10, acknowledged, stop.Token))];
        while (acknowledged.Count < 500)
        {
            await Task.WhenAny(Task.WhenAll(clients), Task.Yield().AsTask());
        }

        Assert.Equal(0, await server.StopAsync());
        await stop.CancelAsync();
        await Task.WhenAll(clients);
        await server.StartAsync();
        await CheckAsync(server, acknowledged, new Random(1), Ed25519NoteVerifier.FromVkey(server.ReceiptsVkey), Ed25519NoteVerifier.FromVkey(server.Vkey));
    }

    /// <summary>Sends events one after the other until told to stop or the server is gone, keeping every receipt.</summary>
    private static async Task LoadAsync(ServerProcess server, string name, int batch, ConcurrentDictionary<string, DurableReceipt> acknowledged, CancellationToken stop)
    {
        using HttpClient http = server.Client(server.WriterKey);
        for (int sent = 0; !stop.IsCancellationRequested; sent++)
        {
            try
            {
                using HttpResponseMessage response = await http.PostAsync(
                    "/api/logs/main/events", ServerProcess.Events(Enumerable.Range(0, batch).Select(i => $"{name}-{sent}-{i}")), stop);
                if (response.StatusCode != HttpStatusCode.Created)
                {
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
                    return;
                }

                using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(stop));
                foreach (DurableReceipt receipt in ReceiptsOf(answer))
                {
                    Assert.True(acknowledged.TryAdd(receipt.Id, receipt));
                }
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException or JsonException)
            {
                return;   // The answer did not arrive whole: nothing was acknowledged to this client.
            }
        }
    }

    private static IEnumerable<DurableReceipt> ReceiptsOf(JsonDocument answer)
    {
        byte[] note = Encoding.UTF8.GetBytes(answer.RootElement.GetProperty("receipt_note").GetString()!);
        foreach (JsonElement receipt in answer.RootElement.GetProperty("receipts").EnumerateArray())
        {
            Assert.True(Hash.TryParseBase64(receipt.GetProperty("leaf_hash").GetString(), out Hash leaf));
            yield return new DurableReceipt(
                receipt.GetProperty("origin").GetString()!,
                receipt.GetProperty("index").GetInt64(),
                leaf,
                receipt.GetProperty("received_at").GetString()!,
                receipt.GetProperty("id").GetString()!,
                receipt.GetProperty("position").GetInt64(),
                [.. receipt.GetProperty("path").EnumerateArray().Select(hash => new Hash(hash.GetBytesFromBase64()))],
                note);
        }
    }

    private static async Task CheckAsync(
        ServerProcess server, ConcurrentDictionary<string, DurableReceipt> acknowledged, Random random, Ed25519NoteVerifier receiptsKey, Ed25519NoteVerifier logKey)
    {
        using HttpClient http = server.Client(server.ReaderKey);
        string[] lines = (await Command.RunAsync("export", "--format", "ndjson", "--url", server.Url, "--key", server.ReaderKey)).ShouldEnd(0)
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        var ids = new HashSet<string>();
        var entries = new List<byte[]>();
        foreach (string line in lines)
        {
            JsonElement item = JsonElement.Parse(line);
            JsonElement entry = item.GetProperty("entry");
            Assert.True(ids.Add(entry.GetProperty("id").GetString()!), line);
            Assert.Equal(entries.Count, item.GetProperty("index").GetInt64());
            entries.Add(Encoding.UTF8.GetBytes(entry.GetRawText()));
        }

        foreach (DurableReceipt receipt in acknowledged.Values)
        {
            Assert.Equal(receipt.LeafHash, TreeHasher.Leaf(entries[(int)receipt.Index]));
            receipt.Verify(receiptsKey);
        }

        DurableReceipt[] sample = [.. acknowledged.Values.OrderBy(receipt => receipt.Index).Where((_, i) => i % 97 == random.Next(97))];
        foreach (DurableReceipt receipt in sample)
        {
            byte[] proof = await http.GetByteArrayAsync($"/api/logs/main/events/{receipt.Index}/proof");
            VerifiedInclusion inclusion = TlogProof.Parse(proof).Verify(entries[(int)receipt.Index], logKey.Name, logKey);
            Assert.Equal(receipt.LeafHash, inclusion.LeafHash);
        }

        // Sent again, an acknowledged event is the same entry.
        using HttpClient writer = server.Client(server.WriterKey);
        DurableReceipt repeated = acknowledged.Values.First();
        using HttpResponseMessage again = await writer.PostAsync("/api/logs/main/events", ServerProcess.Events([repeated.Id]));
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        using JsonDocument answer = JsonDocument.Parse(await again.Content.ReadAsStringAsync());
        Assert.Equal(repeated.Index, ReceiptsOf(answer).Single().Index);
    }
}

/// <summary>Lets the test's loop give way without a pause of fixed length.</summary>
internal static class YieldTask
{
    public static async Task AsTask(this System.Runtime.CompilerServices.YieldAwaitable yield) => await yield;
}
