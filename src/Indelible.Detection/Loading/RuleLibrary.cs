namespace Indelible.Detection;

/// <summary>What was read from files of rules: what can be used, and what is refused and why.</summary>
/// <param name="Rules">Rules of one event, filters applied.</param>
/// <param name="Correlations">Correlations whose rules are all there; each behind those that it is about.</param>
/// <param name="Filters">Filters.</param>
/// <param name="Faults">What is refused: one fault for each document, the first that was found in it.</param>
public sealed record RuleLibrary(IReadOnlyList<SigmaRule> Rules, IReadOnlyList<CorrelationRule> Correlations, IReadOnlyList<RuleFilter> Filters, IReadOnlyList<RuleFault> Faults)
{
    /// <summary>Reads files.</summary>
    /// <param name="files">The files; they are foreign.</param>
    /// <param name="placeholders">The values of placeholders by name, for the modifier <c>expand</c>; null for none.</param>
    /// <returns>All of them: a document that is refused keeps no other from being used.</returns>
    public static RuleLibrary Load(IEnumerable<RuleFile> files, IReadOnlyDictionary<string, IReadOnlyList<string>>? placeholders = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        var loader = new RuleLoader(placeholders ?? new Dictionary<string, IReadOnlyList<string>>());
        foreach (RuleFile file in files)
        {
            loader.Read(file);
        }

        return loader.Finish();
    }

    /// <summary>The same with further filters applied: those that would stand beside these rules where they are to be loaded.</summary>
    /// <param name="filters">The filters.</param>
    public RuleLibrary Filtered(IReadOnlyList<RuleFilter> filters)
    {
        ArgumentNullException.ThrowIfNull(filters);
        return this with { Rules = [.. Rules.Select(rule => Filtered(rule, filters))], Filters = [.. Filters, .. filters] };
    }

    internal static SigmaRule Filtered(SigmaRule rule, IEnumerable<RuleFilter> filters)
    {
        RuleNode[] taken = [.. filters.Where(filter => filter.IsFor(rule)).Select(filter => new NotNode(filter.Condition))];
        return taken.Length == 0 ? rule : rule.With(RuleNode.All([rule.Condition, .. taken]));
    }
}
