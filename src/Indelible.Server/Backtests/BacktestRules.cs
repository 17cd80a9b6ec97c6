using System.Globalization;
using System.Text;
using Indelible.Detection;
using Indelible.Server.Detection;
using Indelible.Server.Problems;

namespace Indelible.Server.Backtests;

/// <summary>Reads the rules of a backtest, as they would be read beside those that the server has.</summary>
internal static class BacktestRules
{
    private const string RulePointer = "/rule";

    /// <summary>Reads and compiles them; filters that the server has apply to them.</summary>
    /// <param name="rule">The rules; foreign.</param>
    /// <param name="mappings">Mappings before those of the server; foreign.</param>
    /// <param name="server">What the server has.</param>
    /// <exception cref="ProblemException">400: one is refused, which says where and why; or there is nothing to run, or too much.</exception>
    public static CompiledRules Read(string? rule, IReadOnlyList<string?> mappings, RuleSet server)
    {
        if (string.IsNullOrWhiteSpace(rule))
        {
            throw Refuse(new RuleFault(RulePointer, 1, 1, "There is no rule: a Sigma rule as YAML is wanted."));
        }

        if (mappings.Count > ServerLimits.BacktestMappings)
        {
            throw new ProblemException(Problem.InvalidParameter("/mappings", Text($"at most {ServerLimits.BacktestMappings} of them")));
        }

        if (Encoding.UTF8.GetByteCount(rule) + mappings.Sum(mapping => Encoding.UTF8.GetByteCount(mapping ?? "")) > ServerLimits.BacktestTextBytes)
        {
            throw new ProblemException(Problem.TooLarge(Text($"Rules and mappings have at most {ServerLimits.BacktestTextBytes} bytes together.")));
        }

        RuleLibrary library = RuleLibrary.Load([new RuleFile(RulePointer, rule)]).Filtered(server.Library.Filters);
        SourceMapping[] own = [.. mappings.Select(ReadMapping)];
        if (library.Faults.Count > 0)
        {
            throw Refuse([.. library.Faults]);
        }

        if (library.Rules.Count == 0)
        {
            throw Refuse(new RuleFault(RulePointer, 1, 1, "There is no rule of one event: a filter or a correlation by itself finds nothing."));
        }

        if (library.Rules.Count + library.Correlations.Count > ServerLimits.BacktestRules || library.Correlations.Count > ServerLimits.BacktestCorrelations)
        {
            throw Refuse(new RuleFault(RulePointer, 1, 1, Text($"There are {library.Rules.Count} rules and {library.Correlations.Count} correlations: at most {ServerLimits.BacktestRules} together, and {ServerLimits.BacktestCorrelations} correlations, are run at once.")));
        }

        CompiledRules rules = CompiledRules.Compile(library, [.. own, .. server.Mappings]);
        if (rules.Faults.Count > 0)
        {
            throw Refuse([.. rules.Faults]);
        }

        return rules.ExpressionCount <= ServerLimits.BacktestExpressions
            ? rules
            : throw Refuse(new RuleFault(RulePointer, 1, 1, Text($"There are {rules.ExpressionCount} regular expressions: at most {ServerLimits.BacktestExpressions} are run at once.")));
    }

    private static SourceMapping ReadMapping(string? text, int place) =>
        SourceMapping.TryRead(new RuleFile(Text($"/mappings/{place}"), text ?? ""), out SourceMapping? mapping, out RuleFault? fault) ? mapping : throw Refuse(fault);

    private static ProblemException Refuse(params RuleFault[] faults) =>
        new(Problem.InvalidRule([.. faults.Select(fault => new ProblemError(null, fault.File, "bad-rule", fault.Reason, fault.Line, fault.Column))]));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
