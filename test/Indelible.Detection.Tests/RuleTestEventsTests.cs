namespace Indelible.Detection.Tests;

/// <summary>The events of a rule's own tests.</summary>
public sealed class RuleTestEventsTests
{
    [Fact]
    public void An_event_is_said_once_and_happens_many_times() => Assert.Equal(
        [
            """{"time":"2026-11-02T09:59:59Z","n":1,"text":"1","none":null,"is":true}""",
            """{"time":"2026-11-02T10:00:00Z","id":"u-1","n":1,"list":["a1","b"]}""",
            """{"time":"2026-11-02T10:01:30Z","id":"u-2","n":2,"list":["a2","b"]}""",
        ],
        Load(
            """
            - {time: 2026-11-02T09:59:59Z, n: 1, text: '1', none: , is: true}
            - {repeat: 2, every: 90s, event: {time: 2026-11-02T10:00:00Z, id: u-<n>, n: <n>, list: ['a<n>', b]}}
            """).Rules[0].Tests[0].Events);

    [Fact]
    public void A_short_file_makes_no_more_events_than_are_asked_for()
    {
        string big = new('x', 100_000);
        IReadOnlyList<string> events = Load($"- {{repeat: 10000, event: {{id: '{big}<n>'}}}}").Rules[0].Tests[0].Events;
        Assert.Equal(10_000, events.Count);
        Assert.EndsWith("x10000\"}", events[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("- {repeat: 0, event: {a: b}}", "repeat is a number from 1 to 10000")]
    [InlineData("- {repeat: 10001, event: {a: b}}", "repeat is a number from 1 to 10000")]
    [InlineData("- {repeat: 2, every: soon, event: {a: b}}", "every is a number with s, m, h or d")]
    [InlineData("- {repeat: 2}", "What repeats is a map of members")]
    [InlineData("- {repeat: 2, every: 1d, event: {time: tomorrow}}", "The time tomorrow is none")]
    [InlineData("- {repeat: 3, every: 1d, event: {time: 9999-12-31T00:00:00Z}}", "is none, or too late")]
    [InlineData("- {repeat: 6000, event: {a: b}}\n- {repeat: 6000, event: {a: b}}", "A test has at most 10000 events")]
    [InlineData("- text", "An event is a map of members")]
    public void Refuses_what_it_cannot_do(string events, string reason) => Assert.Contains(reason, Assert.Single(Load(events).Faults).Reason, StringComparison.Ordinal);

    private static RuleLibrary Load(string events) => RuleLibrary.Load(
    [
        new RuleFile(
            "r.yml",
            "title: r\nlogsource: {product: indelible}\ndetection: {s: {a: b}, condition: s}\ntests:\n    - name: t\n      events:\n        " + events.ReplaceLineEndings("\n        ")),
    ]);
}
