using Indelible.Fuzz.Driving;
using Indelible.Fuzz.Targets;
using Xunit;

namespace Indelible.Fuzz;

/// <summary>A slice of every target's fuzzing; <c>eng/fuzz.sh</c> runs the whole.</summary>
public sealed class FuzzTests
{
    private const int Executions = 20_000;
    private const int OfSlowOnes = 4_000;

    public static TheoryData<string> Names => [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Keeps_its_promise_for_every_mutation(string name)
    {
        FuzzTarget target = FuzzTargets.Find(name)!;
        var run = new FuzzRun(target, seed: 1);
        Find? find = run.Run(Math.Max(OfSlowOnes, Executions / target.Slowness));
        Assert.True(find is null, $"{target.Property}\nExecution {find?.Execution} of seed 1: {find?.Exception}\n{Convert.ToHexStringLower(find?.Input ?? [])}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Accepts_one_of_its_seeds_at_least(string name)
    {
        FuzzTarget target = FuzzTargets.Find(name)!;
        Assert.Contains(target.Seeds(), seed => FuzzRun.Try(target, seed, out bool accepted) is null && accepted);
    }

    [Fact]
    public void A_run_repeats_itself_for_a_seed()
    {
        FuzzTarget target = FuzzTargets.Find("tlog-proof")!;
        var first = new FuzzRun(target, seed: 7);
        var second = new FuzzRun(target, seed: 7);
        first.Run(5_000);
        second.Run(5_000);
        Assert.Equal(first.Input, second.Input);
        Assert.Equal(first.Accepted, second.Accepted);
    }

    [Fact]
    public void A_parser_that_believes_a_count_is_found()
    {
        var target = new FuzzTarget("trusting", "", input => input.Length > 3 && new byte[(input[0] << 20) | 1].Length > 0, () => [new byte[8]]);
        Assert.Contains("bytes of memory", new FuzzRun(target, seed: 1).Run(10_000)?.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_parser_that_throws_is_found()
    {
        var target = new FuzzTarget("throwing", "", input => input is [_, 0xFF, ..] ? input[input.Length] == 0 : true, () => [new byte[8]]);
        Assert.IsType<IndexOutOfRangeException>(new FuzzRun(target, seed: 1).Run(100_000)?.Exception);
    }
}
