using Xunit;

namespace Indelible.Simulation.Faults;

public sealed class CrashTableTests
{
    [Fact]
    public async Task Whatever_step_fails_or_is_the_last_before_a_crash_nothing_promised_is_lost()
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 200);
        CrashTable table = await CrashTable.MakeAsync(prepared);
        await File.WriteAllTextAsync("/tmp/crash-table.md", table.ToMarkdown(), TestContext.Current.CancellationToken);
        Assert.True(table.Broken.Count == 0, $"{table.Broken.Count} of {table.Runs}:{Environment.NewLine}{string.Join(Environment.NewLine, table.Broken)}");
    }
}
