using System.Text.Json;
using Indelible.Client.Recording;

namespace Indelible.Client.Tests.Recording;

/// <summary><c>indelible spool</c> on what a killed process left.</summary>
public sealed class SpoolCommandTests
{
    [Fact]
    public async Task What_was_left_behind_is_listed_shown_sent_or_given_up()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        await using var wire = new Wire(server.Url);
        wire.Refuse();
        string spool = Path.Combine(server.Folder, "spool");
        foreach (string prefix in new[] { "a", "b" })
        {
            await using Recorder recorder = Recorder.Start(server, wire.Url, spool, DeliveryMode.Durable, prefix, 10, 1);
            await Recorded.UntilAsync(() => recorder.Recorded.Count == 10);
            using JsonDocument alive = await ListAsync(spool);
            Assert.True(alive.RootElement.GetProperty("streams").EnumerateArray().Last().GetProperty("alive").GetBoolean());
            await recorder.KillAsync();
        }

        using JsonDocument listed = await ListAsync(spool);
        JsonElement[] streams = [.. listed.RootElement.GetProperty("streams").EnumerateArray()];

        // The second process took over the first one's folder, as far as being alone with it goes; it delivered nothing.
        Assert.Equal(2, streams.Length);
        Assert.All(streams, stream => Assert.Equal((false, 11L), (stream.GetProperty("alive").GetBoolean(), stream.GetProperty("events").GetInt64())));
        string second = streams[1].GetProperty("stream").GetString()!;
        string[] shown = (await BlackBox.Tests.Command.RunAsync("spool", "show", spool, "--stream", second, "--json")).ShouldEnd(0).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using JsonDocument last = JsonDocument.Parse(shown[^1]);
        Assert.Equal("b-0-9", last.RootElement.Id());

        (await BlackBox.Tests.Command.RunAsync("spool", "drop", spool, "--stream", second)).ShouldEnd(2);
        (await BlackBox.Tests.Command.RunAsync("spool", "drop", spool, "--stream", second, "--yes")).ShouldEnd(0);
        Finished sent = (await BlackBox.Tests.Command.RunAsync(
            "spool", "send", spool, "--url", server.Url, "--key", server.WriterKey, "--vkey", server.Vkey, "--receipts-vkey", server.ReceiptsVkey, "--json")).ShouldEnd(0);
        Assert.Equal("""{"sent":11,"left":0}""", sent.Output.Trim());
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"a-0-{i}"), (await Recorded.EntriesAsync(server)).Of("test.run").Select(Recorded.Id));
        (await BlackBox.Tests.Command.RunAsync("spool", "list", server.Folder)).ShouldEnd(2);
    }

    private static async Task<JsonDocument> ListAsync(string spool) =>
        JsonDocument.Parse((await BlackBox.Tests.Command.RunAsync("spool", "list", spool, "--json")).ShouldEnd(0).Output);
}
