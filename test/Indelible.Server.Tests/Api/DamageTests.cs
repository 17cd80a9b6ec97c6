using System.Text;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>Bytes that were altered on disk are named, never served.</summary>
public sealed class DamageTests
{
    [Theory]
    [InlineData("api/logs/{0}/events/1")]
    [InlineData("api/logs/{0}/events/1?view=clear")]
    [InlineData("api/logs/{0}/events/1?openings=true")]
    [InlineData("api/logs/{0}/events")]
    [InlineData("api/logs/{0}/events?order=asc&limit=2")]
    [InlineData("logs/{0}/tile/entries/000.p/3")]
    public async Task An_entry_altered_on_disk_is_not_served(string path)
    {
        await using var server = new TestServer();
        await server.InitializeAsync();
        TestLog log = await server.NewLogAsync();
        Answer published = await log.AppendAsync($"[{TestLog.Event("a")},{TestLog.Event("b", ("message", "\"needle\""))},{TestLog.Event("c")}]", "?ack=published");
        Assert.Equal(201, published.Status);
        Alter(Path.Combine(server.Folder, "journal"), "needle");

        Answer answer = await server.GetAsync(string.Format(null, path, log.Name), log.ReaderKey);

        answer.ShouldBeProblem(500, "damaged");
        Assert.Contains("altered on disk", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("eedle", answer.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await log.GetAsync("events/0")).Status);
    }

    private static void Alter(string folder, string text)
    {
        int altered = 0;
        foreach (string file in Directory.EnumerateFiles(folder))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            int at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text));
            if (at >= 0)
            {
                stream.Position = at;
                stream.WriteByte((byte)'N');
                altered++;
            }
        }

        Assert.Equal(1, altered);
    }
}
