using System.Security.Cryptography;
using System.Text.Json;
using Indelible.Engine.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Indelible.Engine.Tests;

/// <summary>A folder that was copied is not served unawares: two nodes on two copies would sign two histories.</summary>
public sealed class CopyTests
{
    [Fact]
    public async Task Who_asks_whether_a_folder_is_in_use_keeps_no_node_from_starting()
    {
        await using Node node = await Node.CreateAsync();
        await node.CloseAsync();
        using var stop = new CancellationTokenSource();
        Task looking = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    _ = new DataFolder(node.Data).IsInUse;
                }
            },
            TestContext.Current.CancellationToken);
        for (int i = 0; i < 30; i++)
        {
            await node.OpenAsync();
            await node.CloseAsync();
        }

        await stop.CancelAsync();
        await looking;
    }

    [Fact]
    public async Task A_copied_folder_is_refused_until_it_is_accepted_which_is_entered_once()
    {
        await using Node node = await Node.CreateAsync();
        await node.AppendAsync("main", 0, 300);
        await node.CloseAsync();
        string copy = Path.Combine(node.Folder, "copy");
        CopyFolder(node.Data, copy);
        string[] before = Hashes(copy);

        StorageException refused = await Assert.ThrowsAsync<StorageException>(() => OpenAsync(copy, acceptsCopy: false));
        Assert.Equal(StorageOutcome.NothingChanged, refused.Outcome);
        Assert.Contains("copy", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--accept-copy", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Hashes(copy));

        await (await OpenAsync(copy, acceptsCopy: true)).DisposeAsync();
        await (await OpenAsync(copy, acceptsCopy: true)).DisposeAsync();
        LogEngine accepted = await OpenAsync(copy, acceptsCopy: false);
        await using (accepted)
        {
            Assert.Equal(300, accepted.Find("main")!.Size);
            Assert.Equal(1, ActionsOf(accepted, "_access").Count(action => action == "indelible.copy.accepted"));
        }

        // The original is where it was.
        await node.OpenAsync();
        Assert.DoesNotContain("indelible.copy.accepted", ActionsOf(node.Engine, "_access"));
    }

    [Fact]
    public async Task A_folder_that_was_given_another_name_is_the_folder_itself()
    {
        await using Node node = await Node.CreateAsync();
        await node.CloseAsync();
        string moved = Path.Combine(node.Folder, "moved");
        Directory.Move(node.Data, moved);
        await (await OpenAsync(moved, acceptsCopy: false)).DisposeAsync();
    }

    [Theory]
    [InlineData(null, "copy")]
    [InlineData("", "altered")]
    [InlineData("indelible.dev/place/v1\nborn 2026-11-23T06:14:25.123456789Z\n", "copy")]
    [InlineData("indelible.dev/place/v1\ninode 1\n", "copy")]
    [InlineData("indelible.dev/place/v1\nborn 2026-11-23T06:14:25.123456789Z", "altered")]
    [InlineData("indelible.dev/place/v1\n\n", "altered")]
    [InlineData("indelible.dev/place/v2\ninode 1\n", "altered")]
    public async Task A_folder_whose_place_is_missing_or_not_its_own_is_refused(string? written, string expected)
    {
        await using Node node = await Node.CreateAsync();
        await node.CloseAsync();
        string place = Path.Combine(node.Data, "place");
        File.Delete(place);
        if (written is not null)
        {
            await File.WriteAllTextAsync(place, written, TestContext.Current.CancellationToken);
        }

        StorageException refused = await Assert.ThrowsAsync<StorageException>(() => OpenAsync(node.Data, acceptsCopy: false));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    private static Task<LogEngine> OpenAsync(string folder, bool acceptsCopy) => LogEngine.OpenAsync(
        new DataFolder(folder),
        new EngineOptions { PublishInterval = Node.Options.PublishInterval, SealInterval = Node.Options.SealInterval, Journal = Node.Options.Journal, AcceptsCopy = acceptsCopy },
        TimeProvider.System,
        RandomSource.System,
        NullLoggerFactory.Instance);

    private static IEnumerable<string> ActionsOf(LogEngine engine, string log)
    {
        LogReader reader = engine.Find(log)!;
        for (long index = 0; index < reader.Size; index++)
        {
            using var entry = JsonDocument.Parse(reader.ReadEntry(index));
            yield return entry.RootElement.GetProperty("action").GetString()!;
        }
    }

    private static string[] Hashes(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file => file + Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))),
    ];

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (string folder in Directory.EnumerateDirectories(from))
        {
            CopyFolder(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }
}
