using System.Diagnostics;
using System.Globalization;
using System.Text;
using Indelible.Cli.Bench;
using Indelible.Detection;

namespace Indelible.Benchmarks;

/// <summary>Rules over events on one thread: how little a thousand cost more than ten, and what correlations with many groups take in memory.</summary>
/// <remarks>Rules are made after published ones: some name one exact value, some a list, some pieces of a text, some a network or a number; most match nothing, one in a hundred matches an event in sixteen.</remarks>
internal sealed class DetectionPart(SuitePlan plan) : IMeasuredPart
{
    private const int Events = 8_192;
    private const int Groups = 1_000_000;
    private const int Correlations = 50;

    /// <inheritdoc/>
    public Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        byte[][] entries = Entries();
        foreach (int count in (int[])[0, 10, 100, 1_000])
        {
            MeasureRules(results, count, entries);
        }

        MeasureGroups(results);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static byte[][] Entries()
    {
        BenchEvents events = Workload.Events(1);
        byte[][] entries = new byte[Events][];
        for (int i = 0; i < Events; i++)
        {
            byte[] json = new byte[events.EventBytes];
            events.Write(i, json);
            entries[i] = json;
        }

        return entries;
    }

    private void MeasureRules(Results results, int count, byte[][] entries)
    {
        CompiledRules rules = Compile(string.Join("\n---\n", Enumerable.Range(0, count).Select(Rule)));
        var matcher = new RuleMatcher(rules);
        var matched = new List<int>();
        long done = 0;
        long started = 0;
        long matches = 0;
        for (int round = -3; round < 1 || Stopwatch.GetElapsedTime(started) < plan.Duration; round++)
        {
            if (round == 0)
            {
                (started, done) = (Stopwatch.GetTimestamp(), 0);
            }

            foreach (byte[] entry in entries)
            {
                matched.Clear();
                matcher.Match(entry, matched);
                matches += matched.Count;
            }

            done += entries.Length;
        }

        results.Add($"detection, {count:N0} rules", "events/s", done / Stopwatch.GetElapsedTime(started).TotalSeconds);
        if (count > 0)
        {
            results.Add($"detection, {count:N0} rules: matches", "of 1,000 events", 1_000.0 * matches / (done + (3 * entries.Length)));
        }
    }

    private static void MeasureGroups(Results results)
    {
        var text = new StringBuilder("title: base\nname: base\nlogsource: {product: indelible}\ndetection: {s: {action: x}, condition: s}\n");
        for (int i = 0; i < Correlations; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"---\ntitle: c{i}\ncorrelation: {{type: event_count, rules: [base], group-by: [actor.id{i}], timespan: 1d, condition: {{gte: 10}}}}\n");
        }

        CompiledRules rules = Compile(text.ToString());
        var matcher = new RuleMatcher(rules);
        var correlator = new Correlator(rules);
        var matched = new List<int>();
        var findings = new List<Finding>();
        DateTimeOffset time = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < Groups; i++)
        {
            matched.Clear();
            matcher.Match(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$$"""{"action":"x","actor":{"id{{{i % Correlations}}}":"user-{{{i}}}"}}""")), matched);
            correlator.Follow(matcher, i, time.AddMilliseconds(i), time.AddMilliseconds(i), matched, findings);
        }

        results.Add($"detection, {Correlations} correlations, a new group with each event", "events/s", Groups / Stopwatch.GetElapsedTime(started).TotalSeconds);
        results.Add($"detection, {Correlations} correlations with {Groups:N0} groups", "MB", (GC.GetTotalMemory(forceFullCollection: true) - before) / 1e6);
        GC.KeepAlive(correlator);
    }

    private static CompiledRules Compile(string yaml)
    {
        var library = RuleLibrary.Load([new RuleFile("rules", yaml)]);
        SourceMapping mapping = SourceMapping.TryRead(new RuleFile("mapping", "{logsource: {product: indelible}}"), out SourceMapping? read, out RuleFault? fault) ? read : throw new FormatException(fault.ToString());
        var rules = CompiledRules.Compile(library, [mapping]);
        return library.Faults.Concat(rules.Faults).FirstOrDefault() is { } wrong ? throw new FormatException(wrong.ToString()) : rules;
    }

    private static string Rule(int i) => string.Create(CultureInfo.InvariantCulture, $$"""
        title: rule {{i}}
        logsource: {product: indelible}
        detection:
          selection: {{(i % 5) switch
    {
        0 when i % 100 == 0 => "{action: [invoice.delete, order.delete]}",
        0 => $"{{action: 'thing{i}.change', outcome: failure}}",
        1 => $"{{action|startswith: ['order{i}.', 'invoice{i}.'], service.name: [a{i}, b{i}, c{i}, d{i}]}}",
        2 => $"{{message|contains: ['needle {i}', 'drop table {i}', 'union select {i}'], outcome: success}}",
        3 => $"{{source.ip|cidr: 10.{i % 256}.0.0/16, actor.id: ['u-{i}', 'u-{i + 1}']}}",
        _ => $"{{actor.id|endswith: '-{i}', request.status|gte: {500 + i}}}",
    }}}
          filter: {actor.type: system, service.name|startswith: 'internal{{i % 7}}'}
          condition: selection and not filter
        """);
}
