using System.Collections.Immutable;

namespace Indelible.Detection;

/// <summary>What a rule asks of one event, as a tree: what its selections say, joined as its condition says.</summary>
internal abstract record RuleNode
{
    /// <summary>All of some; every event where there is none.</summary>
    public static RuleNode All(IEnumerable<RuleNode> nodes) => nodes.ToImmutableArray() is [RuleNode only] ? only : new AllNode([.. nodes]);

    /// <summary>One of some; no event where there is none.</summary>
    public static RuleNode Any(IEnumerable<RuleNode> nodes) => nodes.ToImmutableArray() is [RuleNode only] ? only : new AnyNode([.. nodes]);
}

/// <summary>All of some.</summary>
internal sealed record AllNode(ImmutableArray<RuleNode> Nodes) : RuleNode;

/// <summary>One of some.</summary>
internal sealed record AnyNode(ImmutableArray<RuleNode> Nodes) : RuleNode;

/// <summary>Not this.</summary>
internal sealed record NotNode(RuleNode Node) : RuleNode;

/// <summary>A value of a field passes a test; one of several values is enough.</summary>
/// <param name="Field">The field's name as the rule has it.</param>
/// <param name="Test">The test.</param>
internal sealed record FieldNode(string Field, ValueTest Test) : RuleNode;

/// <summary>Any value of the event passes a test: a keyword.</summary>
internal sealed record KeywordNode(ValueTest Test) : RuleNode;
