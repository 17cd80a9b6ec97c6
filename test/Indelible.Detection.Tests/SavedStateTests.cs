using CsCheck;

namespace Indelible.Detection.Tests;

/// <summary>What correlations remember, written down: it is as much as can still matter, and bytes that are none are refused.</summary>
public sealed class SavedStateTests
{
    private const string Rules = """
        title: tried
        name: tried
        logsource: {product: indelible}
        detection: {s: {k: a}, condition: s}
        ---
        title: three
        name: three
        correlation: {type: event_count, rules: [tried], group-by: [actor], timespan: 10m, condition: {gte: 3}}
        ---
        title: mean
        correlation: {type: value_avg, rules: [tried], group-by: [actor, place], timespan: 10m, condition: {field: n, gt: 5}}
        ---
        title: twice
        correlation: {type: event_count, rules: [three], group-by: [actor], timespan: 1h, condition: {gte: 2}}
        """;

    [Fact]
    public void A_correlation_of_correlations_goes_on_from_it()
    {
        foreach (bool restarts in new[] { false, true })
        {
            var followed = new Followed(Rules);
            foreach (int time in new[] { 0, 1, 2, 1_300, 1_301, 1_302 })
            {
                followed.Take(Event(time, "u-1"));
                if (restarts)
                {
                    followed.Restart();
                }
            }

            Assert.Equal(["mean [0,1,2]", "twice [2,5]"], followed.Findings.Select(finding => $"{finding.Rule.Title} [{string.Join(',', finding.Events)}]").Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Groups_that_can_matter_no_more_are_left_out()
    {
        var followed = new Followed(Rules);
        for (int i = 0; i < 1_000; i++)
        {
            followed.Take(Event(i / 100.0, $"u-{i}"));
        }

        int full = Followed.Saved(followed.Correlator).Length;
        followed.Take(Event(100_000, "u-0"));
        int left = Followed.Saved(followed.Correlator).Length;
        Assert.True(full > 50_000 && left < 1_000, $"{full} bytes, then {left}");
    }

    [Fact]
    public void Bytes_that_are_none_are_refused()
    {
        var followed = new Followed(Rules);
        for (int i = 0; i < 20; i++)
        {
            followed.Take(Event(i, $"u-{i % 4}"));
        }

        byte[] saved = Followed.Saved(followed.Correlator);
        int refused = 0;
        Gen.Select(Gen.Int[0, saved.Length - 1], Gen.Byte, Gen.Bool).Sample(
            (at, value, isCut) =>
            {
                byte[] bytes = isCut ? saved[..at] : [.. saved];
                if (!isCut)
                {
                    bytes[at] = value;
                }

                try
                {
                    using var reader = new BinaryReader(new MemoryStream(bytes));
                    Correlator.Load(followed.Rules, new GivenEvents(), reader);
                    Assert.False(isCut);
                }
                catch (Exception e) when (e is IOException or InvalidDataException or FormatException or ArgumentException)
                {
                    Interlocked.Increment(ref refused);
                }
            },
            iter: 5_000);
        Assert.True(refused > 2_000);
    }

    private static string Event(double time, string actor) => FormattableString.Invariant($$"""{"t":{{time}},"k":"a","n":9,"actor":{"id":"{{actor}}"},"place":"here"}""");
}
