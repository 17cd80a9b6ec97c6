namespace Indelible.Detection;

/// <summary>A Sigma filter: what the rules that it names no longer select.</summary>
public sealed class RuleFilter
{
    internal RuleFilter(RuleHead head, LogSource logSource, IReadOnlyList<string> rules, RuleNode condition) => (Head, LogSource, Rules, Condition) = (head, logSource, rules, condition);

    /// <summary>What it says about itself.</summary>
    public RuleHead Head { get; }

    /// <summary>Which kind of log it is written for: rules for another are not filtered.</summary>
    public LogSource LogSource { get; }

    /// <summary>The rules that it is about, by id or name; none for all of its log source.</summary>
    public IReadOnlyList<string> Rules { get; }

    internal RuleNode Condition { get; }

    internal bool IsFor(SigmaRule rule) =>
        rule.LogSource.IsFor(LogSource) && (Rules.Count == 0 || Rules.Any(name => name == rule.Head.Id || name == rule.Head.Name));
}
