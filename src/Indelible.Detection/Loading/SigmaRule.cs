namespace Indelible.Detection;

/// <summary>What rules, correlations and filters say about themselves.</summary>
/// <param name="File">The file that it was read from.</param>
/// <param name="Line">The line that it begins at, from 1.</param>
/// <param name="Version">Which text of it this is: the first 16 hexadecimal digits of the SHA-256 of its document, ends of lines as LF.</param>
/// <param name="Id">Its UUID; null where it has none.</param>
/// <param name="Name">The name that correlations refer to it by; null where it has none.</param>
/// <param name="Title">What it detects, in a line.</param>
/// <param name="Level">How grave it is.</param>
/// <param name="Status">As <c>stable</c> or <c>test</c>; null where it says nothing.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Author">Who wrote it.</param>
/// <param name="References">Where more is to be read.</param>
/// <param name="Tags">As <c>attack.t1110</c>.</param>
/// <param name="FalsePositives">When it matches although nothing is wrong.</param>
/// <param name="Compliance">Requirements that it serves, as <c>pci-dss:10.4.1</c>; a member of ours.</param>
/// <param name="Response">What to do when it matches; a member of ours.</param>
public sealed record RuleHead(
    string File,
    int Line,
    string Version,
    string? Id,
    string? Name,
    string Title,
    RuleLevel Level,
    string? Status,
    string? Description,
    string? Author,
    IReadOnlyList<string> References,
    IReadOnlyList<string> Tags,
    IReadOnlyList<string> FalsePositives,
    IReadOnlyList<string> Compliance,
    string? Response)
{
    /// <summary>What it is called where it has to be called something: its id, else its name, else its title.</summary>
    public string Key => Id ?? Name ?? Title;
}

/// <summary>A Sigma rule: what it selects of one event.</summary>
public sealed class SigmaRule
{
    internal SigmaRule(RuleHead head, LogSource logSource, RuleNode condition, IReadOnlyList<RuleTest> tests) =>
        (Head, LogSource, Condition, Tests) = (head, logSource, condition, tests);

    /// <summary>What it says about itself.</summary>
    public RuleHead Head { get; }

    /// <summary>Which kind of log it is written for.</summary>
    public LogSource LogSource { get; }

    /// <summary>Events that it has to match, or must not; a member of ours.</summary>
    public IReadOnlyList<RuleTest> Tests { get; }

    internal RuleNode Condition { get; }

    internal SigmaRule With(RuleNode condition) => new(Head, LogSource, condition, Tests);
}
