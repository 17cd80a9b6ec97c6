using Indelible.Engine.Reading;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Indelible.Verification.Tests;

/// <summary>Every byte of the vault, altered.</summary>
public sealed class VaultTamperTests(SmallLog log) : IClassFixture<SmallLog>
{
    [Fact]
    public void An_altered_byte_is_noticed_or_changes_nothing_that_the_vault_says()
    {
        byte[] intact = File.ReadAllBytes(log.VaultFile);
        string path = Path.Combine(Path.GetDirectoryName(log.VaultFile)!, "altered.db");
        File.WriteAllBytes(path, intact);
        string said = Say(path);
        Assert.Contains("test.example/logs/main", said, StringComparison.Ordinal);
        Assert.Empty(Check(path).Faults);
        int unnoticed = 0;
        for (int at = 0; at < intact.Length; at++)
        {
            byte[] altered = [.. intact];
            altered[at] ^= (byte)(1 << (at % 8));
            File.WriteAllBytes(path, altered);
            if (Check(path) is { Faults.Count: 0, Unclear.Count: 0 })
            {
                // Free room in a page, counters, the name of the library that wrote it: bytes without meaning.
                unnoticed++;
                Assert.True(said == Say(path), $"The vault says something else by byte {at}.");
            }
        }

        Assert.InRange(unnoticed, 1, intact.Length - 500);
    }

    private FolderFindings Check(string vaultFile) => FolderCheck.Run(log.Folder(log.Disk, vaultFile), "main", log.VkeyOf("main"), null);

    /// <summary>All rows, as a reader gets them.</summary>
    private static string Say(string path)
    {
        using var database = new SqliteConnection($"Data Source={new Uri(path).AbsoluteUri}?immutable=1;Mode=ReadOnly;Pooling=False");
        database.Open();
        using SqliteCommand select = database.CreateCommand();
        select.CommandText = "SELECT origin, subject, kid, hex(wrapped) FROM subject_keys ORDER BY origin, subject";
        using SqliteDataReader row = select.ExecuteReader();
        var lines = new List<string>();
        while (row.Read())
        {
            lines.Add($"{row.GetString(0)} {row.GetString(1)} {row.GetString(2)} {row.GetString(3)}");
        }

        return string.Join('\n', lines);
    }
}
