namespace Indelible.Detection;

/// <summary>Many rules made into one: an event is gone over once, whatever their number. Immutable; a <see cref="RuleMatcher"/> for each thread asks it.</summary>
/// <remarks>
/// <para>
/// Each test of a value is made once, however many rules ask it. All whole texts at a place lie in one table, all pieces of texts in one automaton. What an event passed tells which rules can
/// match at all: each is known by the tests of which it needs one (the fewest rules lean on), and only those whose test was passed are looked at. So a thousand rules cost little more than ten.
/// </para>
/// <para>Rules for a log that no mapping describes are refused: they would never match, and nobody would know.</para>
/// </remarks>
public sealed class CompiledRules
{
    // Members whose values the event schema has in small letters (docs/event-schema.md).
    private static readonly HashSet<string> s_enumerated = ["action", "category", "operation", "outcome", "decision.effect", "actor.type"];

    private readonly Dictionary<Predicate, int> _predicates = [];
    private readonly List<CompiledNode> _conditions = [];
    private readonly List<SigmaRule> _rules = [];
    private readonly List<SourceMapping> _mappings = [];
    private readonly List<CorrelationPlan> _plans = [];
    private readonly HashSet<int> _silent = [];
    private readonly List<RuleFault> _faults = [];
    private readonly NeedleBudget _needles = new();
    private readonly bool _hasHistory;
    private int _places = 1;

    private CompiledRules(bool hasHistory) => _hasHistory = hasHistory;

    /// <summary>The rules, by the numbers that <see cref="RuleMatcher.Match"/> gives.</summary>
    public IReadOnlyList<SigmaRule> Rules => _rules;

    /// <summary>Rules that are refused: no mapping describes their log, or a correlation needs what they have not.</summary>
    public IReadOnlyList<RuleFault> Faults => _faults;

    /// <summary>How far back an event can matter to what is found: the longest timespan, of correlations of correlations all of them together, and what comes late. What a correlation asks the log for (<see cref="AskHistory"/>) is no part of it.</summary>
    public TimeSpan Horizon
    {
        get
        {
            var spans = new TimeSpan[_plans.Count];
            foreach (CorrelationPlan plan in _plans)
            {
                spans[plan.Number] = plan.Memory + plan.Correlations.Keys.Select(other => spans[other]).DefaultIfEmpty().Max();
            }

            return spans.DefaultIfEmpty().Max() + _plans.Select(plan => plan.Patience).DefaultIfEmpty(DetectionLimits.Lateness).Max();
        }
    }

    /// <summary>Whether a correlation asks for what was before, and an <see cref="IEventHistory"/> is needed.</summary>
    public bool AskHistory => _plans.Exists(plan => plan.Rule.History is not null);

    /// <summary>The correlations, each behind those that it is about.</summary>
    public IEnumerable<CorrelationRule> Correlations => _plans.Select(plan => plan.Rule);

    /// <summary>How many different regular expressions at different places are asked.</summary>
    public int ExpressionCount => _predicates.Keys.Sum(predicate => predicate.Tests.Count(test => test is RegexTest));

    /// <summary>How many correlations there are.</summary>
    public int CorrelationCount => _plans.Count;

    /// <summary>What an index can be asked for all entries that one of the rules matches. Made anew each time: its probes are asked by one thread.</summary>
    public RuleSketch Sketch()
    {
        Predicate[] predicates = new Predicate[_predicates.Count];
        foreach ((Predicate predicate, int number) in _predicates)
        {
            predicates[number] = predicate;
        }

        var made = new Dictionary<(int, bool), RuleSketch>();
        return new RuleSketch.Any([.. _conditions.Select(condition => condition.Sketch(Of, isUnder: false))]);

        RuleSketch Of(int predicate, bool isUnder)
        {
            if (!made.TryGetValue((predicate, isUnder), out RuleSketch? sketch))
            {
                sketch = predicates[predicate].Sketch(isUnder);
                made.Add((predicate, isUnder), sketch);
            }

            return sketch;
        }
    }

    /// <summary>Correlations, each behind those that it is about.</summary>
    internal IReadOnlyList<CorrelationPlan> Plans => _plans;

    internal PlaceNode Root { get; } = new() { Number = 0 };

    internal IReadOnlyList<CompiledNode> Conditions => _conditions;

    internal int PredicateCount => _predicates.Count;

    internal int PlaceCount => _places;

    internal int NeedleCount { get; private set; }

    /// <summary>By predicate, the rules that are looked at where it was passed.</summary>
    internal int[][] Triggered { get; private set; } = [];

    /// <summary>Rules that are looked at for each event: they can match although it passed nothing.</summary>
    internal int[] Always { get; private set; } = [];

    /// <summary>Predicates that hold where a place has no value but null, with the number of the place.</summary>
    internal List<(int Predicate, int Place)> Nulls { get; } = [];

    /// <summary>Predicates that hold where a place is there.</summary>
    internal List<(int Predicate, int Place)> Existing { get; } = [];

    /// <summary>Predicates that compare two places.</summary>
    internal List<(int Predicate, int Place, int Other, PlacedReferenceTest Test)> References { get; } = [];

    /// <summary>Puts rules together.</summary>
    /// <param name="library">The rules and correlations.</param>
    /// <param name="mappings">How the logs that they are for stand in entries; the first that describes a rule's log is taken.</param>
    /// <param name="hasHistory">Whether there is somebody to ask for what was before; where not, correlations that need it are refused.</param>
    public static CompiledRules Compile(RuleLibrary library, IReadOnlyList<SourceMapping> mappings, bool hasHistory = true)
    {
        ArgumentNullException.ThrowIfNull(library);
        ArgumentNullException.ThrowIfNull(mappings);
        var compiled = new CompiledRules(hasHistory);
        foreach (SigmaRule rule in library.Rules)
        {
            compiled.Add(rule, mappings);
        }

        foreach (CorrelationRule correlation in library.Correlations)
        {
            compiled.Add(correlation);
        }

        compiled.Finish();
        return compiled;
    }

    /// <summary>Whether a rule is told of by itself, and not only of the correlations that are about it.</summary>
    internal bool Raises(int rule) => !_silent.Contains(rule);

    private void Add(SigmaRule rule, IReadOnlyList<SourceMapping> mappings)
    {
        if (mappings.FirstOrDefault(mapping => rule.LogSource.IsFor(mapping.LogSource)) is not { } mapping)
        {
            _faults.Add(new RuleFault(rule.Head.File, rule.Head.Line, 1, $"No mapping describes the log source {rule.LogSource}: its events cannot be told from others."));
            return;
        }

        IEnumerable<RuleNode> wholes = mapping.When is { } entries ? [entries, rule.Condition] : [rule.Condition];
        if (!_needles.TryTake(wholes.SelectMany(whole => Texts(whole, whole == rule.Condition ? mapping.PathOf : EntryPath.Parse, mapping.Root))))
        {
            _faults.Add(new RuleFault(rule.Head.File, rule.Head.Line, 1, $"To find its texts would take more memory than there is for all rules, {DetectionLimits.NeedleTableBytes} bytes: they are too long, or too many."));
            return;
        }

        var made = new Dictionary<RuleNode, CompiledNode>(ReferenceEqualityComparer.Instance);
        CompiledNode condition = Compile(rule.Condition, mapping.PathOf, mapping.Root, made);
        if (mapping.When is { } when)
        {
            condition = new CompiledNode.All([Compile(when, EntryPath.Parse, EntryPath.Parse(""), made), condition]);
        }

        if (condition.Mentioned().Skip(DetectionLimits.RuleTests).Any())
        {
            _faults.Add(new RuleFault(rule.Head.File, rule.Head.Line, 1, $"Its condition comes to more than {DetectionLimits.RuleTests} tests."));
            return;
        }

        _rules.Add(rule);
        _mappings.Add(mapping);
        _conditions.Add(condition);
    }

    /// <summary>The tests of texts in a tree, each once, with where they ask.</summary>
    private static IEnumerable<(EntryPath Path, bool IsBelow, TextTest Test)> Texts(RuleNode whole, Func<string, EntryPath> pathOf, EntryPath root)
    {
        var seen = new HashSet<RuleNode>(ReferenceEqualityComparer.Instance);
        var waiting = new Stack<RuleNode>([whole]);
        while (waiting.TryPop(out RuleNode? node))
        {
            if (!seen.Add(node))
            {
                continue;
            }

            IEnumerable<RuleNode> inside = node switch
            {
                AllNode all => all.Nodes,
                AnyNode any => any.Nodes,
                NotNode not => [not.Node],
                _ => [],
            };
            foreach (RuleNode child in inside)
            {
                waiting.Push(child);
            }

            if (node is FieldNode { Test: TextTest text } field)
            {
                yield return (pathOf(field.Field), false, text);
            }
            else if (node is KeywordNode { Test: TextTest word })
            {
                yield return (root, true, word);
            }
        }
    }

    private void Add(CorrelationRule correlation)
    {
        var rules = new Dictionary<int, int>();
        var correlations = new Dictionary<int, int>();
        for (int place = 0; place < correlation.Rules.Count; place++)
        {
            string name = correlation.Rules[place];
            int rule = _rules.FindIndex(other => IsCalled(other.Head, name));
            int plan = _plans.FindIndex(other => IsCalled(other.Rule.Head, name));
            if (rule < 0 && plan < 0)
            {
                Refuse(correlation, $"It is about {name}, which was refused.");
                return;
            }

            if (correlation.Kind is CorrelationKind.Temporal or CorrelationKind.TemporalOrdered && (rule >= 0 ? rules.ContainsKey(rule) : correlations.ContainsKey(plan)))
            {
                Refuse(correlation, $"It names {name} twice, and cannot tell which of its events is which: count them by a correlation of their own (event_count), and name that.");
                return;
            }

            if (rule >= 0)
            {
                rules[rule] = place;
            }
            else
            {
                correlations[plan] = place;
            }
        }

        if (WhyNot(correlation, correlations.Keys) is { } reason)
        {
            Refuse(correlation, reason);
            return;
        }

        int[] leading = [.. rules.Keys.Concat(correlations.Keys.SelectMany(plan => _plans[plan].GroupPlaces.Keys)).Distinct()];
        _plans.Add(new CorrelationPlan
        {
            Rule = correlation,
            Number = _plans.Count,
            Rules = rules,
            Correlations = correlations,
            Delay = correlations.Keys.Select(plan => _plans[plan].OwnDelay).DefaultIfEmpty().Max(),
            GroupPlaces = leading.ToDictionary(rule => rule, rule => correlation.GroupBy.Select(field => Keep(correlation, rule, field)).ToArray()),
            CountedPlaces = leading.ToDictionary(rule => rule, rule => correlation.Fields.Select(field => Keep(correlation, rule, field)).ToArray()),
            GroupPaths = correlation.History is null ? new Dictionary<int, EntryPath[]>() : leading.ToDictionary(rule => rule, rule => correlation.GroupBy.Select(field => PathOf(correlation, rule, field)).ToArray()),
            CountedPaths = correlation.Kind != CorrelationKind.FirstSeen ? new Dictionary<int, EntryPath>() : leading.ToDictionary(rule => rule, rule => PathOf(correlation, rule, correlation.Fields[0])),
            Required = correlation.History is null ? new Dictionary<int, HistoryClause[]>() : leading.ToDictionary(rule => rule, RequiredOf),
        });
        _silent.UnionWith(correlation.Generate ? [] : rules.Keys);
    }

    private string? WhyNot(CorrelationRule correlation, IEnumerable<int> correlations)
    {
        if (correlation.GroupBy.Count > DetectionLimits.GroupFields)
        {
            return $"It groups by {correlation.GroupBy.Count} fields; at most {DetectionLimits.GroupFields} are kept.";
        }

        if (correlation.Kind is CorrelationKind.EventCount or CorrelationKind.ValueCount && correlation.Conditions.Any(condition => condition.Value > DetectionLimits.GroupOccurrences))
        {
            return $"It counts beyond {DetectionLimits.GroupOccurrences}: so many events of one group are not kept.";
        }

        if (correlation.History is not null && !_hasHistory)
        {
            return "It asks the log for what was before, which takes the search index, and none is kept here.";
        }

        if (correlation.History is not null && correlations.Any())
        {
            return $"It asks the log for what was before, and a log holds events, not what correlations found: it can be about rules alone.";
        }

        return correlations.Select(plan => _plans[plan]).FirstOrDefault(plan => plan.IsTimed && correlation.GroupBy.Concat(correlation.Fields).Select(field => correlation.AliasedIn(plan.Rule.Head, field) ?? field).Except(plan.Rule.GroupBy).Any()) is { } timed
            ? $"It groups by or counts what {timed.Rule.Head.Key} does not group by; that one is known only when its time is over, and there is no event then to take other fields of."
            : null;
    }

    /// <summary>Keeps the values of a field of the events of a rule, for a correlation.</summary>
    /// <returns>The number of the place.</returns>
    private int Keep(CorrelationRule correlation, int rule, string field)
    {
        PlaceNode place = PlaceOf(PathOf(correlation, rule, field));
        place.IsKept = true;
        return place.Number;
    }

    private EntryPath PathOf(CorrelationRule correlation, int rule, string field) => _mappings[rule].PathOf(NameIn(correlation, rule, field));

    /// <summary>What a field of a correlation is called in a rule: by an alias for the rule, else by one for a correlation between them, and what that calls it.</summary>
    private string NameIn(CorrelationRule correlation, int rule, string field)
    {
        if (correlation.AliasedIn(_rules[rule].Head, field) is { } aliased)
        {
            return aliased;
        }

        CorrelationRule? between = _plans.Find(plan => plan.GroupPlaces.ContainsKey(rule) && correlation.Rules.Any(name => IsCalled(plan.Rule.Head, name)))?.Rule;
        return between is null ? field : NameIn(between, rule, correlation.AliasedIn(between.Head, field) ?? field);
    }

    /// <summary>What holds of every event that matches a rule, and can be looked up: the value of a member that has one of few, always in small letters, so that no case has to be minded.</summary>
    private HistoryClause[] RequiredOf(int rule) =>
        [
            .. RequiredOf(_rules[rule].Condition, _mappings[rule].PathOf),
            .. _mappings[rule].When is { } when ? RequiredOf(when, EntryPath.Parse) : [],
        ];

    private static IEnumerable<HistoryClause> RequiredOf(RuleNode node, Func<string, EntryPath> pathOf)
    {
        switch (node)
        {
            case AllNode all:
                return all.Nodes.SelectMany(child => RequiredOf(child, pathOf));
            case FieldNode:
            case AnyNode:
                RuleNode[] each = node is AnyNode any ? [.. any.Nodes] : [node];
                string?[] values = [.. each.Select(one => one is FieldNode { Test: TextTest { Pattern.Literal: { } text } } ? text.ToLowerInvariant() : null)];
                string[] paths = [.. each.OfType<FieldNode>().Select(one => pathOf(one.Field).ToString()).Distinct(StringComparer.Ordinal)];
                return paths is [var path] && s_enumerated.Contains(path) && values.Length > 0 && Array.TrueForAll(values, value => value is not null)
                    ? [new HistoryClause(EntryPath.Parse(path).Names, values!, false)]
                    : [];
            default:
                return [];
        }
    }

    private void Refuse(CorrelationRule correlation, string reason) => _faults.Add(new RuleFault(correlation.Head.File, correlation.Head.Line, 1, reason));

    private static bool IsCalled(RuleHead head, string name) => name == head.Id || name == head.Name;

    private CompiledNode Compile(RuleNode node, Func<string, EntryPath> pathOf, EntryPath root, Dictionary<RuleNode, CompiledNode> made)
    {
        if (!made.TryGetValue(node, out CompiledNode? compiled))
        {
            compiled = node switch
            {
                AllNode all => new CompiledNode.All([.. all.Nodes.Select(child => Compile(child, pathOf, root, made))]),
                AnyNode any => Any(any, pathOf, root, made),
                NotNode not => new CompiledNode.Not(Compile(not.Node, pathOf, root, made)),
                FieldNode field => One(new Predicate(pathOf(field.Field), false, [Placed(field.Test, pathOf)])),
                KeywordNode keyword => One(new Predicate(root, true, [keyword.Test])),
                _ => throw new InvalidOperationException($"There is no way to compile {node.GetType().Name}."),
            };
            made.Add(node, compiled);
        }

        return compiled;
    }

    /// <summary>One of some. Values of one field are one predicate: most lists are such.</summary>
    private CompiledNode Any(AnyNode any, Func<string, EntryPath> pathOf, EntryPath root, Dictionary<RuleNode, CompiledNode> made)
    {
        var nodes = new List<CompiledNode>();
        foreach (IGrouping<string?, RuleNode> same in any.Nodes.GroupBy(node => node switch
        {
            FieldNode { Test: not (NullTest or ExistsTest or ReferenceTest) } field => "f" + field.Field,
            KeywordNode => "",
            _ => null,
        }))
        {
            if (same.Key is null)
            {
                nodes.AddRange(same.Select(node => Compile(node, pathOf, root, made)));
            }
            else if (same.Key.Length == 0)
            {
                nodes.Add(One(new Predicate(root, true, [.. same.Select(node => ((KeywordNode)node).Test).Distinct()])));
            }
            else
            {
                nodes.Add(One(new Predicate(pathOf(same.Key[1..]), false, [.. same.Select(node => ((FieldNode)node).Test).Distinct()])));
            }
        }

        return nodes is [CompiledNode only] ? only : new CompiledNode.Any([.. nodes]);
    }

    private static ValueTest Placed(ValueTest test, Func<string, EntryPath> pathOf) =>
        test is ReferenceTest reference ? new PlacedReferenceTest(pathOf(reference.Other), reference.Where, reference.IsCased) : test;

    private CompiledNode.One One(Predicate predicate)
    {
        if (_predicates.TryGetValue(predicate, out int number))
        {
            return new CompiledNode.One(number, predicate.NeedsValue);
        }

        number = _predicates.Count;
        _predicates.Add(predicate, number);
        PlaceNode place = PlaceOf(predicate.Path);
        foreach (ValueTest test in predicate.Tests)
        {
            switch (test)
            {
                case NullTest:
                    Nulls.Add((number, place.Number));
                    break;
                case ExistsTest:
                    Existing.Add((number, place.Number));
                    break;
                case PlacedReferenceTest reference:
                    PlaceNode other = PlaceOf(reference.Other);
                    (place.IsKept, other.IsKept) = (true, true);
                    References.Add((number, place.Number, other.Number, reference));
                    break;
                default:
                    (predicate.IsBelow ? place.Below : place.Here).Add((test, number));
                    break;
            }
        }

        return new CompiledNode.One(number, predicate.NeedsValue);
    }

    private PlaceNode PlaceOf(EntryPath path)
    {
        PlaceNode place = Root;
        foreach (string name in path.Names)
        {
            place = place.Child(name, () => _places++);
        }

        return place;
    }

    private void Finish()
    {
        // Now that all are known: one that was refused keeps no other quiet.
        foreach (CorrelationPlan plan in _plans)
        {
            plan.Raises = !_plans.Exists(other => !other.Rule.Generate && other.Correlations.ContainsKey(plan.Number));
        }

        int needles = 0;
        Root.Finish(ref needles);
        NeedleCount = needles;

        // First each rule is counted for whatever it could be known by; then it takes what the fewest others are counted for.
        int[] weights = new int[PredicateCount];
        foreach (CompiledNode condition in _conditions)
        {
            foreach (int predicate in condition.Mentioned())
            {
                weights[predicate]++;
            }
        }

        var triggered = new List<int>[PredicateCount];
        var always = new List<int>();
        for (int rule = 0; rule < _conditions.Count; rule++)
        {
            int[]? triggers = _conditions[rule].Triggers(predicate => weights[predicate]);
            if (triggers is null)
            {
                always.Add(rule);
            }

            foreach (int predicate in triggers ?? [])
            {
                (triggered[predicate] ??= []).Add(rule);
            }
        }

        Triggered = [.. triggered.Select(rules => rules is null ? [] : rules.ToArray())];
        Always = [.. always];
    }
}
