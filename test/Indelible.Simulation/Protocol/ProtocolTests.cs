using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Indelible.Simulation.Protocol;

/// <summary>The protocol of sequencer, publisher, sealer and recovery, explored wholly within bounds, and each of its rules left out in turn.</summary>
/// <remarks>docs/design/protocol-model.md says what each step stands for in the engine.</remarks>
public sealed class ProtocolTests(ITestOutputHelper output)
{
    [Fact]
    public void On_one_machine_every_invariant_holds_in_every_state() =>
        HoldsEverywhere(new Setting(Deployment.OneMachine, BoundsOr(new Bounds(Events: 3, SentAgain: 1, Crashes: 2))));

    [Fact]
    public void On_one_machine_an_earlier_copy_of_the_folder_never_makes_a_fork() =>
        HoldsEverywhere(new Setting(Deployment.OneMachine, BoundsOr(new Bounds(Events: 3, SentAgain: 1, Crashes: 2))) { MaySetBack = true, Seals = false });

    [Fact]
    public void On_shared_stores_two_instances_never_break_an_invariant() =>
        HoldsEverywhere(new Setting(Deployment.SharedStores, BoundsOr(new Bounds(Events: 2, SentAgain: 1, Crashes: 1))) { Seals = false });

    [Fact]
    public void On_shared_stores_two_sealing_instances_never_break_an_invariant() =>
        HoldsEverywhere(new Setting(Deployment.SharedStores, BoundsOr(new Bounds(Events: 2, SentAgain: 0, Crashes: 1))));

    private void HoldsEverywhere(Setting setting)
    {
        ExplorationResult result = Explore(setting);
        Assert.True(result.Broken == Invariant.None, result.ToString());
    }

    private ExplorationResult Explore(Setting setting)
    {
        long started = Stopwatch.GetTimestamp();
        ExplorationResult result = Exploration.Of(setting);
        output.WriteLine($"{setting}: {result}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s"));
        return result;
    }

    /// <summary>The bounds that <c>INDELIBLE_MODEL_BOUNDS</c> names, as EVENTS,SENT-AGAIN,CRASHES, else the slice.</summary>
    private static Bounds BoundsOr(Bounds slice)
    {
        if (Environment.GetEnvironmentVariable("INDELIBLE_MODEL_BOUNDS") is not { Length: > 0 } asked)
        {
            return slice;
        }

        int[] numbers = [.. asked.Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
        return new Bounds(numbers[0], numbers[1], numbers[2]);
    }
}
