using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Indelible.Simulation.Protocol;

/// <summary>The protocol of sequencer, publisher, sealer and recovery, explored wholly within bounds, and each of its rules left out in turn.</summary>
/// <remarks>docs/design/protocol-model.md says what each step stands for in the engine.</remarks>
public sealed class ProtocolTests(ITestOutputHelper output)
{
    private static readonly string s_page = ReadPage();

    [Fact]
    public void On_one_machine_every_invariant_holds_in_every_state() => HoldsEverywhere(
        new Setting(Deployment.OneMachine, Within(new Bounds(Events: 3, SentAgain: 1, Crashes: 2), large: new Bounds(Events: 4, SentAgain: 1, Crashes: 2))),
        "answers a repeat with a receipt",
        "fails to sync the journal, and the group stays in the page cache",
        "fails to sync the checkpoint store, and the head is on disk",
        "drops the tail file that the segment covers",
        "has the journal release its oldest entries",
        "the power is cut");

    [Fact]
    public void On_one_machine_an_earlier_copy_of_the_folder_never_makes_a_fork() => HoldsEverywhere(
        new Setting(Deployment.OneMachine, Within(new Bounds(Events: 3, SentAgain: 1, Crashes: 2), large: new Bounds(Events: 4, SentAgain: 2, Crashes: 3)))
        {
            MaySetBack = true,
            Seals = false,
        },
        "the folder is set back to an earlier copy",
        "refuses to start, because the log is smaller than or contradicts the recorded head",
        "shows the head");

    [Fact]
    public void On_shared_stores_two_instances_never_break_an_invariant() => HoldsEverywhere(
        new Setting(Deployment.SharedStores, Within(new Bounds(Events: 2, SentAgain: 1, Crashes: 1), large: new Bounds(Events: 3, SentAgain: 1, Crashes: 1)))
        {
            Seals = false,
        },
        "is told that the log ends elsewhere and stops",
        "is told that another head is recorded and stops publishing",
        "is killed, and its append is still under way",
        "the append that was under way takes effect",
        "the append that was under way finds another end",
        "the swap that was under way takes effect",
        "the swap that was under way finds another head");

    [Fact]
    public void On_shared_stores_two_sealing_instances_never_break_an_invariant() => HoldsEverywhere(
        new Setting(Deployment.SharedStores, Within(new Bounds(Events: 2, SentAgain: 1, Crashes: 0), large: new Bounds(Events: 2, SentAgain: 1, Crashes: 1))),
        "puts a segment",
        "moves the journal's oldest entries to the tail file and is told that it failed",
        "has the journal release its oldest entries");

    /// <remarks>That the loop stops is the second of two rules here; <see cref="Mutation.GoesOnAfterUnknownOutcome"/> is what happens without either.</remarks>
    [Theory]
    [InlineData(Deployment.OneMachine)]
    [InlineData(Deployment.SharedStores)]
    internal void Going_on_after_an_unknown_outcome_is_harmless_where_the_next_group_goes_to_the_same_place(Deployment deployment)
    {
        bool isAlone = deployment == Deployment.OneMachine;
        ExplorationResult result = Explore(new Setting(deployment, new Bounds(isAlone ? 3 : 2, SentAgain: 1, Crashes: 1), Mutation.TakesUnknownOutcomeForFailure)
        {
            Seals = isAlone,
        });
        Assert.True(result.Broken == Invariants.None, result.ToString());
        Assert.Contains(isAlone ? "fails to sync the journal, and the group is on disk" : "the append that was under way finds another end", result.Taken);
    }

    [Theory]
    [InlineData(Mutation.AcknowledgesBeforeSync, Deployment.OneMachine, Invariants.AcknowledgedIsDurable | Invariants.RunningHoldsAcknowledged, 6)]
    [InlineData(Mutation.SyncsAgainAfterFailure, Deployment.OneMachine, Invariants.AcknowledgedIsDurable, 9)]
    [InlineData(Mutation.GoesOnAfterUnknownOutcome, Deployment.OneMachine, Invariants.OneEntryOfAnEvent, 10)]
    [InlineData(Mutation.GoesOnAfterUnknownOutcome, Deployment.SharedStores, Invariants.AcknowledgedIsDurable, 10)]
    [InlineData(Mutation.AppendsWithoutCompare, Deployment.SharedStores, Invariants.AcknowledgedIsDurable, 14)]
    [InlineData(Mutation.JournalForgetsEndWhenReleased, Deployment.SharedStores, Invariants.RunningHoldsAcknowledged, 17)]
    [InlineData(Mutation.ShowsBeforeRecorded, Deployment.OneMachine, Invariants.HeadsNeverGoBack, 14)]
    [InlineData(Mutation.RecordsWithoutCompare, Deployment.SharedStores, Invariants.HeadsNeverGoBack, 18)]
    [InlineData(Mutation.ReleasesBeforeTailIsDurable, Deployment.OneMachine, Invariants.AcknowledgedIsDurable, 11)]
    [InlineData(Mutation.TakesSegmentBeforeItsNameIsDurable, Deployment.OneMachine, Invariants.AcknowledgedIsDurable, 14)]
    [InlineData(Mutation.ReleasesBeyondItsFold, Deployment.SharedStores, Invariants.AcknowledgedIsDurable, 10)]
    [InlineData(Mutation.RecoveryIgnoresHeads, Deployment.OneMachine, Invariants.HeadsNeverGoBack, 16)]
    [InlineData(Mutation.RecoveryDropsLastRecord, Deployment.OneMachine, Invariants.AcknowledgedIsDurable, 12)]
    [InlineData(Mutation.RecoveryBelievesCachedJournal, Deployment.OneMachine, Invariants.AcknowledgedIsDurable, 12)]
    [InlineData(Mutation.RecoveryBelievesCachedHeads, Deployment.OneMachine, Invariants.HeadsNeverGoBack, 20)]
    [InlineData(Mutation.RecoveryBelievesCachedTail, Deployment.OneMachine, Invariants.AcknowledgedIsDurable, 17)]
    [InlineData(Mutation.RecoveryBelievesCachedSegmentNames, Deployment.OneMachine, Invariants.AcknowledgedIsDurable, 17)]
    [InlineData(Mutation.RecoveryReadsHeadsLast, Deployment.SharedStores, Invariants.UndamagedStarts, 13)]
    [InlineData(Mutation.RecoveryForgetsIds, Deployment.OneMachine, Invariants.OneEntryOfAnEvent, 12)]
    internal void A_rule_left_out_breaks_an_invariant(Mutation mutation, Deployment deployment, Invariants broken, int steps)
    {
        // Two instances need no client that sends again to do harm.
        int sentAgain = deployment == Deployment.OneMachine ? 1 : 0;
        ExplorationResult result = Explore(new Setting(deployment, new Bounds(Events: 3, sentAgain, Crashes: 2), mutation)
        {
            MaySetBack = mutation == Mutation.RecoveryIgnoresHeads,
        });
        Assert.Equal((broken, steps), (result.Broken, result.Counterexample.Count));
    }

    [Theory]
    [InlineData(Invariants.OneHeadOfASize, Mutation.RecoveryIgnoresHeads, 26)]
    [InlineData(Invariants.HeadsExtendEachOther, Mutation.RecoveryIgnoresHeads, 26)]
    [InlineData(Invariants.RecoveredHoldsAcknowledged, Mutation.RecoveryDropsLastRecord, 14)]
    [InlineData(Invariants.RecordedIsDurable, Mutation.RecoveryDropsLastRecord, 13)]
    [InlineData(Invariants.UndamagedStarts, Mutation.RecoveryDropsLastRecord, 15)]
    [InlineData(Invariants.RunningHoldsAcknowledged, Mutation.RecoveryDropsLastRecord, 14)]
    [InlineData(Invariants.AcknowledgedIsDurable, Mutation.GoesOnAfterUnknownOutcome, 12)]
    internal void Every_invariant_can_break(Invariants watched, Mutation mutation, int steps)
    {
        ExplorationResult result = Explore(new Setting(Deployment.OneMachine, new Bounds(Events: 3, SentAgain: 1, Crashes: 2), mutation)
        {
            MaySetBack = mutation == Mutation.RecoveryIgnoresHeads,
            Watched = watched,
        });
        Assert.Equal((watched, steps), (result.Broken, result.Counterexample.Count));
    }

    /// <summary>Explores a setting; the named steps must have been taken, and the page must say of every step what it stands for.</summary>
    private void HoldsEverywhere(Setting setting, params string[] taken)
    {
        ExplorationResult result = Explore(setting);
        Assert.True(result.Broken == Invariants.None, result.ToString());
        Assert.Subset(new HashSet<string>(result.Taken), new HashSet<string>(taken));
        Assert.All(result.Taken, step => Assert.Contains(step, s_page, StringComparison.Ordinal));
    }

    private ExplorationResult Explore(Setting setting)
    {
        long started = Stopwatch.GetTimestamp();
        ExplorationResult result = Exploration.Of(setting);
        output.WriteLine($"{setting}: {result}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s"));
        return result;
    }

    /// <summary>The slice; where <c>INDELIBLE_MODEL_BOUNDS</c> is "large", or says EVENTS,SENT-AGAIN,CRASHES, that.</summary>
    private static Bounds Within(Bounds slice, Bounds large)
    {
        string asked = Environment.GetEnvironmentVariable("INDELIBLE_MODEL_BOUNDS") ?? "";
        if (asked is "" or "large")
        {
            return asked == "" ? slice : large;
        }

        int[] numbers = [.. asked.Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
        return new Bounds(numbers[0], numbers[1], numbers[2]);
    }

    private static string ReadPage()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Indelible.slnx")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests do not run inside the repository.");
        }

        return File.ReadAllText(Path.Combine(folder.FullName, "docs", "design", "protocol-model.md"));
    }
}
