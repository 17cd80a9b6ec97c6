using System.Collections.Immutable;

namespace Indelible.Detection;

/// <summary>A rule's tree over the numbers of predicates.</summary>
internal abstract class CompiledNode
{
    /// <summary>Whether the event is one, by what its values passed.</summary>
    /// <param name="passed">Tells of each predicate whether a value passed it.</param>
    public abstract bool Holds(ReadOnlySpan<bool> passed);

    /// <summary>Predicates of which one has to be passed, or the tree does not hold; null where it may hold though none is.</summary>
    /// <param name="weight">How many rules lean on a predicate: fewer is better.</param>
    public abstract int[]? Triggers(Func<int, int> weight);

    /// <summary>All predicates that it mentions, each once for each time.</summary>
    public abstract IEnumerable<int> Mentioned();

    /// <summary>What an index can be asked of it.</summary>
    /// <param name="of">The sketch of a predicate, and whether it must hold for no more entries than the predicate does, rather than for no fewer.</param>
    /// <param name="isUnder">The same of the tree.</param>
    public abstract RuleSketch Sketch(Func<int, bool, RuleSketch> of, bool isUnder);

    /// <summary>One predicate.</summary>
    /// <param name="predicate">Its number.</param>
    /// <param name="needsValue">Whether only a value can pass it: not so of one that holds where nothing is.</param>
    internal sealed class One(int predicate, bool needsValue) : CompiledNode
    {
        public override bool Holds(ReadOnlySpan<bool> passed) => passed[predicate];

        public override int[]? Triggers(Func<int, int> weight) => needsValue ? [predicate] : null;

        public override IEnumerable<int> Mentioned() => [predicate];

        public override RuleSketch Sketch(Func<int, bool, RuleSketch> of, bool isUnder) => of(predicate, isUnder);
    }

    /// <summary>All of some.</summary>
    internal sealed class All(ImmutableArray<CompiledNode> nodes) : CompiledNode
    {
        public override bool Holds(ReadOnlySpan<bool> passed)
        {
            foreach (CompiledNode node in nodes)
            {
                if (!node.Holds(passed))
                {
                    return false;
                }
            }

            return true;
        }

        public override int[]? Triggers(Func<int, int> weight) => nodes.Select(node => node.Triggers(weight)).OfType<int[]>().MinBy(triggers => triggers.Sum(weight));

        public override IEnumerable<int> Mentioned() => nodes.SelectMany(node => node.Mentioned());

        public override RuleSketch Sketch(Func<int, bool, RuleSketch> of, bool isUnder) => new RuleSketch.All([.. nodes.Select(node => node.Sketch(of, isUnder))]);
    }

    /// <summary>One of some.</summary>
    internal sealed class Any(ImmutableArray<CompiledNode> nodes) : CompiledNode
    {
        public override bool Holds(ReadOnlySpan<bool> passed)
        {
            foreach (CompiledNode node in nodes)
            {
                if (node.Holds(passed))
                {
                    return true;
                }
            }

            return false;
        }

        public override int[]? Triggers(Func<int, int> weight)
        {
            var all = new HashSet<int>();
            foreach (CompiledNode node in nodes)
            {
                if (node.Triggers(weight) is not { } triggers)
                {
                    return null;
                }

                all.UnionWith(triggers);
            }

            return [.. all];
        }

        public override IEnumerable<int> Mentioned() => nodes.SelectMany(node => node.Mentioned());

        public override RuleSketch Sketch(Func<int, bool, RuleSketch> of, bool isUnder) => new RuleSketch.Any([.. nodes.Select(node => node.Sketch(of, isUnder))]);
    }

    /// <summary>Not this.</summary>
    internal sealed class Not(CompiledNode node) : CompiledNode
    {
        public override bool Holds(ReadOnlySpan<bool> passed) => !node.Holds(passed);

        public override int[]? Triggers(Func<int, int> weight) => null;

        public override IEnumerable<int> Mentioned() => node.Mentioned();

        public override RuleSketch Sketch(Func<int, bool, RuleSketch> of, bool isUnder) => new RuleSketch.Not(node.Sketch(of, !isUnder));
    }
}
