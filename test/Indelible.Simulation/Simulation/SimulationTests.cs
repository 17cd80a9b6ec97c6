using System.Collections.Concurrent;
using System.Globalization;
using Xunit;

namespace Indelible.Simulation;

/// <summary>Many lives of a node. <c>eng/simulate.sh SEEDS FIRST</c> runs more of them, or one again.</summary>
public sealed class SimulationTests
{
    private const int DefaultSeeds = 300;

    [Fact]
    public async Task Whatever_a_seed_does_to_a_node_every_promise_is_kept()
    {
        int seeds = Number("INDELIBLE_SIMULATION_SEEDS", DefaultSeeds);
        int first = Number("INDELIBLE_SIMULATION_FIRST", 1);
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 230);
        var failures = new ConcurrentQueue<string>();
        long acknowledged = 0;
        long faults = 0;
        long crashes = 0;
        await Parallel.ForAsync(first, first + seeds, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (seed, _) =>
        {
            var life = new NodeLife(prepared, seed);
            try
            {
                await life.RunAsync();
            }
            catch (Exception e)
            {
                failures.Enqueue($"Seed {seed} fails; again with: eng/simulate.sh 1 {seed}{Environment.NewLine}"
                    + string.Join(Environment.NewLine, life.Story.TakeLast(seeds == 1 ? int.MaxValue : 12)) + Environment.NewLine + e);
            }

            Interlocked.Add(ref acknowledged, life.Acknowledged);
            Interlocked.Add(ref faults, life.Faults);
            Interlocked.Add(ref crashes, life.Crashes);
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"{seeds} seeds from {first}: {acknowledged} entries acknowledged, {faults} faults, {crashes} crashes");
        Assert.True(failures.IsEmpty, $"{failures.Count} of {seeds} seeds fail.{Environment.NewLine}{string.Join(Environment.NewLine + Environment.NewLine, failures.Take(10))}");
        Assert.True(acknowledged > seeds && faults > seeds / 2 && crashes > seeds, "the simulation does next to nothing");
    }

    [Fact]
    public async Task A_seed_repeats_its_run_operation_by_operation()
    {
        using PreparedFolder prepared = await PreparedFolder.CreateAsync(entries: 230);
        foreach (int seed in new[] { 3, 4, 5 })
        {
            var first = new NodeLife(prepared, seed);
            await first.RunAsync();
            var second = new NodeLife(prepared, seed);
            await second.RunAsync();
            Assert.Equal(first.Story, second.Story);
            Assert.Equal(first.Trace, second.Trace);
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : otherwise;
}
