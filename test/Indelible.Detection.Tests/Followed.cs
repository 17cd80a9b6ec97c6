using System.Text;
using System.Text.Json;

namespace Indelible.Detection.Tests;

/// <summary>Rules and what they find in events that follow one another.</summary>
internal sealed class Followed
{
    private readonly RuleMatcher _matcher;
    private long _next;

    public Followed(string yaml, SourceMapping? mapping = null)
    {
        RuleLibrary library = RuleLibrary.Load([new RuleFile("rules.yml", yaml)]);
        Assert.Equal([], library.Faults.Select(fault => fault.ToString()));
        Rules = CompiledRules.Compile(library, mapping is null ? ShippedRules.Mappings : [mapping]);
        Assert.Equal([], Rules.Faults.Select(fault => fault.ToString()));
        _matcher = new RuleMatcher(Rules);
        Correlator = new Correlator(Rules);
    }

    public CompiledRules Rules { get; }

    public Correlator Correlator { get; private set; }

    public List<Finding> Findings { get; } = [];

    /// <summary>Takes an event; its time is what stands in it, in seconds from a moment on where it is a number.</summary>
    /// <returns>What was found by it.</returns>
    public IReadOnlyList<Finding> Take(string json)
    {
        var matched = new List<int>();
        _matcher.Match(Encoding.UTF8.GetBytes(json), matched);
        DateTimeOffset time = TimeOf(JsonElement.Parse(json).GetProperty("t").GetDouble());
        int before = Findings.Count;
        Correlator.Follow(_matcher, _next++, time, Received ?? time, matched, Findings);
        return Findings[before..];
    }

    /// <summary>Goes on from what the correlations remember, written down and read again: as after a restart.</summary>
    public void Restart() => Correlator = Restarted(Correlator, Rules, new GivenEvents());

    /// <summary>One that goes on from what another remembers, written down and read again.</summary>
    public static Correlator Restarted(Correlator correlator, CompiledRules rules, IEventHistory history)
    {
        using var reader = new BinaryReader(new MemoryStream(Saved(correlator)));
        return Correlator.Load(rules, history, reader);
    }

    /// <summary>What correlations remember, written down.</summary>
    public static byte[] Saved(Correlator correlator)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        correlator.Save(writer);
        return stream.ToArray();
    }

    /// <summary>When events are received; null for when they happen.</summary>
    public DateTimeOffset? Received { get; set; }

    public static DateTimeOffset TimeOf(double seconds) => new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(seconds);
}
