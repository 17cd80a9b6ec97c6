using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Indelible.Detection;

/// <summary>Reads one document of a file of rules: a rule, a correlation or a filter (Sigma 2.1).</summary>
internal sealed class RuleReader(string file, string version, RuleMap map, IReadOnlyDictionary<string, IReadOnlyList<string>> placeholders)
{
    private static readonly string[] s_documents = ["detection", "correlation", "filter"];

    private static readonly Dictionary<string, CorrelationKind> s_kinds = new(StringComparer.Ordinal)
    {
        ["event_count"] = CorrelationKind.EventCount,
        ["value_count"] = CorrelationKind.ValueCount,
        ["temporal"] = CorrelationKind.Temporal,
        ["temporal_ordered"] = CorrelationKind.TemporalOrdered,
        ["value_sum"] = CorrelationKind.ValueSum,
        ["value_avg"] = CorrelationKind.ValueAverage,
        ["value_percentile"] = CorrelationKind.ValuePercentile,
        ["first_seen"] = CorrelationKind.FirstSeen,
        ["returned"] = CorrelationKind.Returned,
    };

    private static readonly Dictionary<string, CountComparison> s_comparisons = new(StringComparer.Ordinal)
    {
        ["eq"] = CountComparison.Equal,
        ["neq"] = CountComparison.NotEqual,
        ["lt"] = CountComparison.Less,
        ["lte"] = CountComparison.LessOrEqual,
        ["gt"] = CountComparison.Greater,
        ["gte"] = CountComparison.GreaterOrEqual,
    };

    /// <summary>What a file of rules calls a kind of correlation.</summary>
    internal static string WordOf(CorrelationKind kind) => s_kinds.First(known => known.Value == kind).Key;

    /// <summary>Reads it.</summary>
    /// <returns>A <see cref="SigmaRule"/>, <see cref="CorrelationRule"/> or <see cref="RuleFilter"/>.</returns>
    /// <exception cref="RuleFaultException">It is wrong, or needs what is not supported.</exception>
    public object ReadOne()
    {
        if (map.Has("action"))
        {
            throw new RuleFaultException(map.PlaceOf("action"), "Rules that share a beginning (action) are no part of Sigma any more: write each of them out.");
        }

        if (map.Text("taxonomy") is { } taxonomy && taxonomy != "sigma")
        {
            throw new RuleFaultException(map.PlaceOf("taxonomy"), $"The taxonomy {taxonomy} is not known: only sigma is.");
        }

        string[] kinds = [.. s_documents.Where(map.Has)];
        return kinds switch
        {
            ["detection"] => Rule(),
            ["correlation"] => Correlation(),
            ["filter"] => Filter(),
            [] => throw new RuleFaultException(map.Place, "It has neither detection nor correlation nor filter: one of them is what it does."),
            _ => throw new RuleFaultException(map.PlaceOf(kinds[1]), $"It has both {kinds[0]} and {kinds[1]}: write a document for each."),
        };
    }

    private SigmaRule Rule() => new(Head(), Source(), Condition(map.RequireMap("detection"), "detection"), Tests());

    private RuleFilter Filter()
    {
        RuleMap filter = map.RequireMap("filter");
        IReadOnlyList<string> rules = filter.Texts("rules");
        return new RuleFilter(Head(), Source(), rules is ["any"] ? [] : rules, Condition(filter, "filter"));
    }

    private CorrelationRule Correlation()
    {
        RuleMap correlation = map.RequireMap("correlation");
        string type = correlation.RequireText("type");
        CorrelationKind kind = s_kinds.TryGetValue(type, out CorrelationKind found)
            ? found
            : throw new RuleFaultException(correlation.PlaceOf("type"), $"There is no correlation {type}; there are {string.Join(", ", s_kinds.Keys)}.");
        IReadOnlyList<string> rules = correlation.Texts("rules");
        if (rules.Count == 0)
        {
            throw new RuleFaultException(correlation.Place, "The member rules is missing: a correlation is about one rule at least.");
        }

        if (correlation.Texts("group-by").FirstOrDefault(field => field.Length is (0 or > DetectionLimits.NameCharacters)) is not null)
        {
            throw new RuleFaultException(correlation.PlaceOf("group-by"), $"A field has 1 to {DetectionLimits.NameCharacters} characters.");
        }

        if (kind is CorrelationKind.FirstSeen or CorrelationKind.Returned)
        {
            return OfHistory(correlation, kind, rules);
        }

        (IReadOnlyList<string> fields, double percentile, IReadOnlyList<(CountComparison, double)> conditions) = Counted(correlation, kind);
        return new CorrelationRule(
            Head(), kind, rules, correlation.Texts("group-by"), Aliases(correlation), Timespan(correlation), fields, percentile, conditions, IsTrue(correlation, "generate"), Tests());
    }

    /// <summary>A correlation that asks the log for what was before: types of ours.</summary>
    private CorrelationRule OfHistory(RuleMap correlation, CorrelationKind kind, IReadOnlyList<string> rules)
    {
        bool isFirstSeen = kind == CorrelationKind.FirstSeen;
        if (correlation.Texts("group-by").Count == 0)
        {
            throw new RuleFaultException(correlation.Place, "The member group-by is missing: what is new, or comes back, is so for somebody.");
        }

        TimeSpan timespan = LongSpan(correlation, "timespan");
        RuleMap? condition = correlation.Map("condition");
        string[] known = isFirstSeen ? ["field", "learning", "network"] : ["within"];
        foreach ((string name, YamlNode key, _) in condition?.Members ?? [])
        {
            if (!known.Contains(name))
            {
                throw new RuleFaultException(key.Start, $"The condition of {(isFirstSeen ? "first_seen" : "returned")} has no {name}; there {(known.Length == 1 ? "is" : "are")} {string.Join(", ", known)}.");
            }
        }

        HistoryTerms terms;
        IReadOnlyList<string> fields = [];
        if (isFirstSeen)
        {
            condition ??= correlation.RequireMap("condition");
            fields = condition.Texts("field");
            if (fields is not [{ Length: > 0 and <= DetectionLimits.NameCharacters }])
            {
                throw new RuleFaultException(condition.PlaceOf("field"), "The condition needs one field, whose values are looked for in the past.");
            }

            TimeSpan learning = LongSpan(condition, "learning");
            terms = learning < timespan
                ? new HistoryTerms(learning, TimeSpan.Zero, Network(condition))
                : throw new RuleFaultException(condition.PlaceOf("learning"), "learning has to be shorter than the timespan: nothing older is looked at.");
        }
        else
        {
            TimeSpan within = condition?.Has("within") == true ? LongSpan(condition, "within") : TimeSpan.FromDays(DetectionLimits.LookBackDays);
            terms = timespan < within
                ? new HistoryTerms(TimeSpan.Zero, within, null)
                : throw new RuleFaultException((condition ?? correlation).PlaceOf(condition is null ? "timespan" : "within"), "within has to be longer than the timespan: the group was seen before it was silent.");
        }

        return new CorrelationRule(Head(), kind, rules, correlation.Texts("group-by"), Aliases(correlation), timespan, fields, double.NaN, [], IsTrue(correlation, "generate"), Tests()) { History = terms };
    }

    private static NetworkPrefix? Network(RuleMap condition)
    {
        if (condition.Map("network") is not { } network)
        {
            return null;
        }

        foreach ((string name, YamlNode key, _) in network.Members.Where(member => member.Name is not ("v4" or "v6")))
        {
            throw new RuleFaultException(key.Start, $"network has no {name}; there are v4 and v6.");
        }

        return new NetworkPrefix(Bits(network, "v4", 32), Bits(network, "v6", 128));
    }

    private static int Bits(RuleMap network, string name, int most) =>
        int.TryParse(network.RequireText(name), NumberStyles.None, CultureInfo.InvariantCulture, out int bits) && bits >= 1 && bits <= most
            ? bits
            : throw new RuleFaultException(network.PlaceOf(name), $"{name} is how many leading bits of an address count, 1 to {most}.");

    private static TimeSpan LongSpan(RuleMap map, string name)
    {
        string text = map.RequireText(name);
        return Span(text, DetectionLimits.LookBackDays) is { } span && span > TimeSpan.Zero
            ? span
            : throw new RuleFaultException(map.PlaceOf(name), $"The {name} {text} is no number with s, m, h or d behind it, above 0 and up to {DetectionLimits.LookBackDays} days.");
    }

    private static (IReadOnlyList<string> Fields, double Percentile, IReadOnlyList<(CountComparison, double)> Conditions) Counted(RuleMap correlation, CorrelationKind kind)
    {
        bool isTemporal = kind is CorrelationKind.Temporal or CorrelationKind.TemporalOrdered;
        if (correlation.Map("condition") is not { } condition)
        {
            return isTemporal ? ([], 0, []) : throw new RuleFaultException(correlation.Place, "The member condition is missing.");
        }

        IReadOnlyList<string> fields = condition.Texts("field");
        bool needsField = !isTemporal && kind != CorrelationKind.EventCount;
        if (needsField != fields.Count > 0)
        {
            throw new RuleFaultException(condition.Place, needsField ? "The condition needs a field to count." : "This correlation counts events: its condition has no field.");
        }

        if (fields.Any(field => field.Length is (0 or > DetectionLimits.NameCharacters)))
        {
            throw new RuleFaultException(condition.PlaceOf("field"), $"A field has 1 to {DetectionLimits.NameCharacters} characters.");
        }

        double percentile = condition.Find("percentile") is { } rank ? Number(rank, "percentile") : double.NaN;
        if (percentile is < 0 or > 100)
        {
            throw new RuleFaultException(condition.PlaceOf("percentile"), "percentile is a number from 0 to 100.");
        }

        bool isOfNumbers = kind is CorrelationKind.ValueSum or CorrelationKind.ValueAverage || (kind == CorrelationKind.ValuePercentile && !double.IsNaN(percentile));
        if (isOfNumbers && fields.Count > 1)
        {
            throw new RuleFaultException(condition.PlaceOf("field"), "The values of several fields together are no number: this correlation takes one field.");
        }

        var conditions = new List<(CountComparison, double)>();
        foreach ((string name, YamlNode key, YamlNode value) in condition.Members.Where(member => member.Name is not ("field" or "percentile")))
        {
            CountComparison comparison = s_comparisons.TryGetValue(name, out CountComparison found)
                ? found
                : throw new RuleFaultException(key.Start, $"There is no condition {name}; there are {string.Join(", ", s_comparisons.Keys)}.");
            conditions.Add((comparison, Number(value, name)));
        }

        return conditions.Count == 0
            ? throw new RuleFaultException(condition.Place, "The condition compares with nothing: gte: 10, as an example.")
            : (fields, percentile, conditions);
    }

    private static Dictionary<string, IReadOnlyDictionary<string, string>> Aliases(RuleMap correlation)
    {
        var aliases = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        foreach ((string alias, _, YamlNode value) in correlation.Map("aliases")?.Members ?? [])
        {
            RuleMap fields = value is YamlMappingNode node ? new RuleMap(node) : throw new RuleFaultException(value.Start, "An alias is a map: for each rule the field that is meant.");
            aliases[alias] = fields.Texts();
        }

        return aliases;
    }

    private static TimeSpan Timespan(RuleMap correlation)
    {
        string text = correlation.RequireText("timespan");
        return Span(text) is { } span && span > TimeSpan.Zero
            ? span
            : throw new RuleFaultException(correlation.PlaceOf("timespan"), $"The timespan {text} is no number with s, m, h or d behind it, above 0 and up to {DetectionLimits.TimespanDays} days.");
    }

    /// <summary>Reads a number with s, m, h or d behind it; null where it is none, or more than so many days.</summary>
    internal static TimeSpan? Span(string text, int mostDays = DetectionLimits.TimespanDays)
    {
        TimeSpan unit = text.Length == 0 ? TimeSpan.Zero : text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => TimeSpan.Zero,
        };
        return unit > TimeSpan.Zero && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= mostDays * (TimeSpan.FromDays(1) / unit)
            ? count * unit
            : null;
    }

    private RuleHead Head()
    {
        string title = map.RequireText("title");
        return new RuleHead(
            file,
            (int)map.Place.Line,
            version,
            Name("id"),
            Name("name"),
            title.Length <= 256 ? title : throw new RuleFaultException(map.PlaceOf("title"), "A title has at most 256 characters."),
            Level(),
            map.Text("status"),
            map.Text("description"),
            map.Text("author"),
            map.Texts("references"),
            map.Texts("tags"),
            map.Texts("falsepositives"),
            map.Texts("compliance"),
            map.Text("response"));
    }

    private string? Name(string member) => map.Text(member) is { } name && name.Length is (0 or > DetectionLimits.NameCharacters)
        ? throw new RuleFaultException(map.PlaceOf(member), $"{member} has 1 to {DetectionLimits.NameCharacters} characters.")
        : map.Text(member);

    private RuleLevel Level() => map.Text("level") switch
    {
        null => RuleLevel.Medium,
        { } text when Enum.TryParse(text, ignoreCase: true, out RuleLevel level) && Enum.IsDefined(level) && !char.IsAsciiDigit(text[0]) => level,
        { } text => throw new RuleFaultException(map.PlaceOf("level"), $"There is no level {text}; there are informational, low, medium, high, critical."),
    };

    private LogSource Source()
    {
        RuleMap source = map.RequireMap("logsource");
        var read = new LogSource(source.Text("category"), source.Text("product"), source.Text("service"));
        return read is { Category: null, Product: null, Service: null }
            ? throw new RuleFaultException(source.Place, "A log source names a category, a product or a service.")
            : read;
    }

    private RuleNode Condition(RuleMap detection, string name)
    {
        var reader = new SelectionReader(placeholders);
        foreach ((_, YamlNode key, _) in detection.Members.Where(member => member.Name.Length == 0))
        {
            throw new RuleFaultException(key.Start, "A selection has a name, and this one is empty.");
        }

        List<(string Name, RuleNode Node)> selections =
            [.. detection.Members.Where(member => member.Name is not ("condition" or "timeframe" or "rules")).Select(member => (member.Name, reader.Read(member.Value)))];
        if (detection.Has("timeframe"))
        {
            throw new RuleFaultException(detection.PlaceOf("timeframe"), "A timeframe is no part of Sigma any more: write a correlation.");
        }

        IReadOnlyList<string> conditions = detection.Texts("condition");
        return conditions.Count == 0 || selections.Count == 0
            ? throw new RuleFaultException(detection.Place, $"{name} needs a condition and a selection.")
            : new ConditionParser(selections, detection.PlaceOf("condition")).Parse(conditions);
    }

    private List<RuleTest> Tests()
    {
        var tests = new List<RuleTest>();
        if (map.Find("tests") is not { } node)
        {
            return tests;
        }

        foreach (YamlNode item in node is YamlSequenceNode list ? list.Children : throw new RuleFaultException(node.Start, "tests is a list of maps."))
        {
            RuleMap test = item is YamlMappingNode members ? new RuleMap(members) : throw new RuleFaultException(item.Start, "A test is a map with name, matches and events.");
            YamlNode events = test.Find("events") ?? test.Find("event") ?? throw new RuleFaultException(test.Place, "A test needs events.");
            IEnumerable<YamlNode> each = events is YamlSequenceNode several ? several.Children : [events];
            tests.Add(new RuleTest(test.RequireText("name"), (int)test.Place.Line, IsTrue(test, "matches"), new TestEvents(each)));
        }

        return tests;
    }

    private static bool IsTrue(RuleMap map, string name) => map.Text(name) switch
    {
        null or "false" => false,
        "true" => true,
        { } other => throw new RuleFaultException(map.PlaceOf(name), $"{name} is true or false, not {other}."),
    };

    private static double Number(YamlNode value, string name) =>
        double.TryParse(RuleMap.TextOf(value, name), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : throw new RuleFaultException(value.Start, $"{name} has to be a number.");
}
