namespace Indelible.Search;

/// <summary>The paths of an index that fills, as a tree. One writer, many readers.</summary>
internal sealed class LivePaths
{
    /// <summary>The most paths of a chunk.</summary>
    public const int Max = 16_384;

    // About what a node takes.
    private const int NodeBytes = 320;

    private readonly TermTable _terms;
    private readonly MemoryCount _memory;
    private readonly PathNode _lostText = new(1, [], PathRole.Lost, isText: true);
    private readonly PathNode _lost = new(1, [], PathRole.Lost, isText: false);
    private PathNode[] _nodes = new PathNode[16];
    private int _count = 2;

    /// <summary>Rows with members at paths beyond <see cref="Max"/>.</summary>
    public RowList Lost;

    /// <param name="terms">Where members' names are terms.</param>
    /// <param name="memory">Counts what it takes.</param>
    public LivePaths(TermTable terms, MemoryCount memory)
    {
        (_terms, _memory) = (terms, memory);
        (_nodes[0], _nodes[1]) = (Root, _lost);
    }

    /// <summary>The entry itself.</summary>
    public PathNode Root { get; } = new(0, [], PathRole.Ordinary, isText: true);

    /// <summary>How many nodes there are. Number 0 is the entry itself, number 1 is no path.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>A node by its number.</summary>
    public PathNode this[int node] => Volatile.Read(ref _nodes)[node];

    /// <summary>A path's node, or null where there is none.</summary>
    public PathNode? Find(FieldPath path)
    {
        PathNode node = Root;
        Span<byte> name = stackalloc byte[TermTable.MaxBytes];
        foreach (string segment in path.Segments)
        {
            int found = System.Text.Encoding.UTF8.TryGetBytes(segment, name, out int length) ? _terms.Find(TermTable.Tag(node.Id, 0), name[..length]) : 0;
            int child = found == 0 ? 0 : Volatile.Read(ref _terms[found].Extra);
            if (child == 0)
            {
                return null;
            }

            node = this[child];
        }

        return node;
    }

    /// <summary>The node of a member, made where there is none yet; the writer's.</summary>
    /// <param name="parent">The node that it is a member of.</param>
    /// <param name="name">Its name.</param>
    /// <param name="row">The row that is being added.</param>
    public PathNode Child(PathNode parent, ReadOnlySpan<byte> name, int row)
    {
        if (parent.Role == PathRole.Lost)
        {
            return parent;
        }

        if (parent.Predict(name) is { } expected)
        {
            return expected;
        }

        uint tag = TermTable.Tag(parent.Id, 0);
        int found = name.Length <= TermTable.MaxBytes ? _terms.Find(tag, name) : 0;
        if (found != 0)
        {
            PathNode known = _nodes[_terms[found].Extra];
            parent.Expect(known);
            return known;
        }

        if (_count == Max || name.Length > TermTable.MaxBytes)
        {
            _terms.Rows.Add(ref Lost, row);
            return parent.IsText ? _lostText : _lost;
        }

        return AddChild(parent, tag, name);
    }

    private PathNode AddChild(PathNode parent, uint tag, ReadOnlySpan<byte> name)
    {
        if (_count == _nodes.Length)
        {
            var nodes = new PathNode[_nodes.Length * 2];
            _nodes.CopyTo(nodes, 0);
            Volatile.Write(ref _nodes, nodes);
        }

        int column = parent == Root ? FieldCatalogue.TimeColumn(name) : -1;
        PathRole role = column >= 0 ? PathRole.Time : parent == Root && name.SequenceEqual("salt"u8) ? PathRole.Salt : PathRole.Ordinary;
        var child = new PathNode(_count, name.ToArray(), role, parent.IsText && role == PathRole.Ordinary) { TimeColumn = column };
        _nodes[_count] = child;
        Volatile.Write(ref _count, _count + 1);
        _memory.Add(NodeBytes + name.Length);
        parent.Add(child);

        // A reader who finds the name before the node is there takes the path for unknown: the row is not shown yet.
        int term = _terms.FindOrAdd(tag, name, ref parent.Newest[0], -1, out _);
        Volatile.Write(ref _terms[term].Extra, child.Id);
        return child;
    }
}
