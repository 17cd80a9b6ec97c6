namespace Indelible.Search;

/// <summary>A query as a tree of questions to indexes: one for each request, not thread-safe.</summary>
internal abstract class QuestionNode
{
    /// <summary>Makes a tree ready.</summary>
    /// <param name="node">The tree.</param>
    /// <param name="isClear">Whether sealed values are looked into.</param>
    public static QuestionNode Of(QueryNode node, bool isClear) => node switch
    {
        AndNode and => And([.. and.Children.Select(child => Of(child, isClear))]),
        OrNode or => new Either([.. or.Children.Select(child => Of(child, isClear))]),
        NotNode not => new Neither(Of(not.Child, isClear)),
        ClauseNode clause => new Leaf(IndexClause.Of(clause), isClear),
        _ => Everything.Instance,
    };

    /// <summary>Entries that all of some trees select; every entry where there is none.</summary>
    public static QuestionNode And(params IReadOnlyList<QuestionNode> nodes)
    {
        List<QuestionNode> children = [.. nodes.SelectMany(node => node is Both both ? both.Children : [node]).Where(node => node is not Everything)];
        return children.Count switch { 0 => Everything.Instance, 1 => children[0], _ => new Both(children) };
    }

    /// <summary>Entries that one of some trees selects.</summary>
    /// <param name="nodes">At least one.</param>
    public static QuestionNode Or(params IReadOnlyList<QuestionNode> nodes) =>
        nodes.FirstOrDefault(node => node is Everything) ?? (nodes.Count == 1 ? nodes[0] : new Either([.. nodes]));

    /// <summary>Entries that a tree does not select.</summary>
    public static QuestionNode Not(QuestionNode node) => new Neither(node);

    /// <summary>Asks a chunk.</summary>
    /// <param name="chunk">Which.</param>
    /// <param name="within">Rows that matter; others may be answered at will. Null for all.</param>
    public abstract RowVerdict Ask(ChunkQuestion chunk, RowSet? within);

    /// <summary>About how many rows it selects, and what asking costs, in rows.</summary>
    public abstract int Estimate(ChunkQuestion chunk);

    /// <summary>Counts the rows of the chunk without reading them, where that can be done.</summary>
    public virtual bool TryCount(ChunkQuestion chunk, out int count)
    {
        count = 0;
        return false;
    }

    private sealed class Everything : QuestionNode
    {
        public static readonly Everything Instance = new();

        public override RowVerdict Ask(ChunkQuestion chunk, RowSet? within) => new(chunk.RentWhole(), null);

        public override int Estimate(ChunkQuestion chunk) => chunk.Rows;
    }

    private sealed class Leaf(IndexClause clause, bool isClear) : QuestionNode
    {
        public override RowVerdict Ask(ChunkQuestion chunk, RowSet? within) => chunk.Ask(clause, isClear, within);

        public override int Estimate(ChunkQuestion chunk) => clause.Estimate(chunk.Terms, chunk.Rows);

        public override bool TryCount(ChunkQuestion chunk, out int count) => chunk.TryCount(clause, isClear, out count);
    }

    private sealed class Neither(QuestionNode child) : QuestionNode
    {
        public override RowVerdict Ask(ChunkQuestion chunk, RowSet? within) => child.Ask(chunk, within).Not(chunk.RentWhole());

        public override int Estimate(ChunkQuestion chunk) => Math.Max(chunk.Rows - child.Estimate(chunk), chunk.Rows / 2);
    }

    private sealed class Either(QuestionNode[] children) : QuestionNode
    {
        public override RowVerdict Ask(ChunkQuestion chunk, RowSet? within)
        {
            RowVerdict verdict = children[0].Ask(chunk, within);
            for (int i = 1; i < children.Length; i++)
            {
                verdict = verdict.Or(children[i].Ask(chunk, within));
            }

            return verdict;
        }

        public override int Estimate(ChunkQuestion chunk)
        {
            long sum = 0;
            foreach (QuestionNode child in children)
            {
                sum += child.Estimate(chunk);
            }

            return (int)Math.Min(sum, int.MaxValue);
        }
    }

    /// <summary>All of its children: the most selective is asked first, and nothing more once no row is left.</summary>
    private sealed class Both : QuestionNode
    {
        /// <summary>How many chunks are asked in one order before it is estimated anew.</summary>
        private const int ChunksPerOrder = 16;

        private readonly QuestionNode[] _children;
        private readonly int[] _estimates;
        private int _asked;

        public Both(IEnumerable<QuestionNode> children)
        {
            _children = [.. children];
            _estimates = new int[_children.Length];
        }

        public IEnumerable<QuestionNode> Children => _children;

        public override RowVerdict Ask(ChunkQuestion chunk, RowSet? within)
        {
            if (_asked++ % ChunksPerOrder == 0)
            {
                for (int i = 0; i < _children.Length; i++)
                {
                    _estimates[i] = _children[i].Estimate(chunk);
                }

                Array.Sort(_estimates, _children);
            }

            RowVerdict verdict = _children[0].Ask(chunk, within);
            for (int i = 1; i < _children.Length && !verdict.IsNone; i++)
            {
                RowSet hint = verdict.Hint();
                RowVerdict other = _children[i].Ask(chunk, hint);
                verdict.ReturnHint(hint);
                verdict = verdict.And(other);
            }

            return verdict;
        }

        public override int Estimate(ChunkQuestion chunk)
        {
            int least = int.MaxValue;
            foreach (QuestionNode child in _children)
            {
                least = Math.Min(least, child.Estimate(chunk));
            }

            return least;
        }
    }
}
