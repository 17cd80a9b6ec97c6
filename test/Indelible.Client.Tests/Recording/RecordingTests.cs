using System.Text.Json;
using Indelible.Client.Recording;
using Indelible.Keys;

namespace Indelible.Client.Tests.Recording;

/// <summary>Recording into a server that is well.</summary>
public sealed class RecordingTests
{
    [Fact]
    public async Task What_is_recorded_in_each_mode_is_in_the_log_once_and_in_order()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        string spool = Path.Combine(server.Folder, "spool");
        var options = Recorded.Options(server, spool);
        options.GuaranteedBudget = Recorded.Patience;
        await using (var client = new AuditClient(options))
        {
            for (int i = 0; i < 20; i++)
            {
                Assert.Null((await client.RecordAsync(Recorded.Draft($"d-{i}"))).Receipt);
                Assert.Equal(DeliveryMode.BestEffort, (await client.RecordAsync(Recorded.Draft($"b-{i}"), DeliveryMode.BestEffort)).Mode);
                RecordResult guaranteed = await client.RecordAsync(Recorded.Draft($"g-{i}"), DeliveryMode.Guaranteed);
                guaranteed.Receipt!.Verify(Ed25519NoteVerifier.FromVkey(server.ReceiptsVkey));
                Assert.Equal($"g-{i}", guaranteed.Receipt.Id);
            }

            Assert.True(await client.FlushAsync(Recorded.Patience));
            Assert.Equal(AuditClientState.Healthy, client.Health.State);
            Assert.Equal(0, client.Health.SpoolBytes);
        }

        IReadOnlyList<JsonElement> entries = await Recorded.EntriesAsync(server);
        Assert.Equal(
            Enumerable.Range(0, 20).SelectMany(i => new[] { $"b-{i}", $"d-{i}", $"g-{i}" }).Order(),
            entries.Of("test.run").Select(Recorded.Id).Order());
        Assert.Equal(Enumerable.Range(1, entries.Count).Select(number => (long)number), entries.Select(Recorded.Sequence).Order());
        Assert.Equal("audit.producer.started", entries[0].Action());
        Assert.Equal("audit.producer.stopped", entries[^1].Action());
        Assert.True(entries[^1].GetProperty("producer").GetProperty("end").GetBoolean());
        Assert.Single(entries.Select(entry => entry.GetProperty("producer").GetProperty("stream_id").GetString()).Distinct());
    }
}
