namespace Indelible.Search;

/// <summary>A query as a tree. Built only through <see cref="Nodes"/>, so that equal meanings that are written alike are equal
/// trees.</summary>
internal abstract record QueryNode;

/// <summary>Every entry.</summary>
internal sealed record AllNode : QueryNode
{
    public static readonly AllNode Instance = new();
}

/// <summary>All of two or more children, none of which is itself an <see cref="AndNode"/>.</summary>
internal sealed record AndNode(QueryNode[] Children) : QueryNode
{
    public bool Equals(AndNode? other) => other is not null && Children.AsSpan().SequenceEqual(other.Children);

    public override int GetHashCode() => Nodes.HashOf(Children, 1);
}

/// <summary>Any of two or more children, none of which is itself an <see cref="OrNode"/>.</summary>
internal sealed record OrNode(QueryNode[] Children) : QueryNode
{
    public bool Equals(OrNode? other) => other is not null && Children.AsSpan().SequenceEqual(other.Children);

    public override int GetHashCode() => Nodes.HashOf(Children, 2);
}

/// <summary>Not the child, which is not itself a <see cref="NotNode"/>.</summary>
internal sealed record NotNode(QueryNode Child) : QueryNode;

/// <summary>A test that some value in the entry passes or none does.</summary>
internal abstract record ClauseNode(FieldPath? Path) : QueryNode;

/// <summary>The path is there, whatever stands at it.</summary>
internal sealed record ExistsNode(FieldPath At) : ClauseNode(At);

/// <summary>Consecutive words in a string; in any string of the entry when there is no path.</summary>
internal sealed record WordsNode(FieldPath? At, Phrase Phrase) : ClauseNode(At);

/// <summary>One whole value.</summary>
internal sealed record EqualsNode(FieldPath At, Literal Literal) : ClauseNode(At);

/// <summary>A whole value by a pattern with wildcards.</summary>
internal sealed record LikeNode(FieldPath At, Glob Glob) : ClauseNode(At);

/// <summary>Values between two ends.</summary>
internal sealed record RangeNode(FieldPath At, ValueRange Range) : ClauseNode(At);

/// <summary>A value passes a test that is no part of the language: only programs ask so (<see cref="QueryTree"/>).</summary>
internal sealed record PassesNode(FieldPath At, IValueTest Test) : ClauseNode(At);

/// <summary>Makes nodes in their one normal form.</summary>
internal static class Nodes
{
    public static QueryNode And(IEnumerable<QueryNode> children)
    {
        var flat = new List<QueryNode>();
        foreach (QueryNode child in children)
        {
            switch (child)
            {
                case AllNode:
                    break;
                case AndNode and:
                    flat.AddRange(and.Children);
                    break;
                default:
                    flat.Add(child);
                    break;
            }
        }

        return flat.Count switch { 0 => AllNode.Instance, 1 => flat[0], _ => new AndNode([.. flat]) };
    }

    public static QueryNode Or(IEnumerable<QueryNode> children)
    {
        var flat = new List<QueryNode>();
        foreach (QueryNode child in children)
        {
            if (child is OrNode or)
            {
                flat.AddRange(or.Children);
            }
            else
            {
                flat.Add(child);
            }
        }

        return flat.Count == 1 ? flat[0] : new OrNode([.. flat]);
    }

    public static QueryNode Not(QueryNode child) => child is NotNode not ? not.Child : new NotNode(child);

    /// <summary>A pattern at a path: only stars is existence, no wildcard is a plain value.</summary>
    public static QueryNode Like(FieldPath path, Glob glob)
    {
        if (glob.IsAnything)
        {
            return new ExistsNode(path);
        }

        return glob.Wildcards == 0 ? Equal(path, glob.Literal, quoted: true) : new LikeNode(path, glob);
    }

    /// <summary>A whole value. On a time field the text stands for itself, since a time is a range there.</summary>
    public static QueryNode Equal(FieldPath path, string text, bool quoted) =>
        new EqualsNode(path, new Literal(text, quoted || FieldCatalogue.KindOf(path) == FieldKind.Time));

    public static int Depth(QueryNode node) => node switch
    {
        AndNode and => 1 + and.Children.Max(Depth),
        OrNode or => 1 + or.Children.Max(Depth),
        NotNode not => 1 + Depth(not.Child),
        _ => 1,
    };

    public static int Clauses(QueryNode node) => node switch
    {
        AndNode and => and.Children.Sum(Clauses),
        OrNode or => or.Children.Sum(Clauses),
        NotNode not => Clauses(not.Child),
        _ => 1,
    };

    public static IEnumerable<QueryNode> Leaves(QueryNode node) => node switch
    {
        AndNode and => and.Children.SelectMany(Leaves),
        OrNode or => or.Children.SelectMany(Leaves),
        NotNode not => Leaves(not.Child),
        _ => [node],
    };

    public static int HashOf(QueryNode[] children, int seed)
    {
        var hash = new HashCode();
        hash.Add(seed);
        foreach (QueryNode child in children)
        {
            hash.Add(child);
        }

        return hash.ToHashCode();
    }
}
