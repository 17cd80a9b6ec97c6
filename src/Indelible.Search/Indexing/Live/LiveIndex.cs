using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;

namespace Indelible.Search;

/// <summary>The index of a chunk while it fills: its terms, rows, hashes and times, and how a value is taken in. One writer; readers ask a <see cref="LiveView"/>.</summary>
/// <remarks>
/// A row is shown by <see cref="Rows"/> when everything of it is written, and nothing that was written is ever moved, so a view of the first rows is exact without a lock: whatever it
/// meets of later rows it cuts off.
/// The words of a string are looked for once, when the string becomes a term: a word knows the strings that it is in (<see cref="WordSource"/>), and its rows are theirs. Only strings that
/// are no terms, being kept as hashes, add rows to words.
/// </remarks>
internal sealed class LiveIndex
{
    /// <summary>The longest word, folded, that is a term where its string is none: longer ones are hardly ever the same twice. Of a string that is a term, all words are.</summary>
    public const int MaxWordBytes = 128;

    /// <summary>The most paths of a chunk.</summary>
    public const int MaxPaths = 16_384;

    /// <summary>What a chunk takes in memory at most: rows that come when it is reached are in the index only as rows that it does not know.</summary>
    public const long MaxMemory = 128L << 20;

    /// <summary>After so many strings it is first decided whether a path's strings are kept as hashes; again each time that they are twice as many.</summary>
    public const int DecideAfter = 4096;

    private const int NodeBytes = 320;

    // Belongs to no path, as words do: node 0 is the entry, 1 is none.
    private static readonly uint s_longTag = TermTable.Tag(1, (int)TermKind.Number);

    // Of 4,096 strings, 8,192, … 65,536.
    private static readonly int[] s_uniquePerMille = [951, 906, 824, 688, 500];

    private readonly long _maxMemory;
    private readonly PathNode _lostText = new(1, [], PathRole.Lost, isText: true);
    private readonly PathNode _lost = new(1, [], PathRole.Lost, isText: false);
    private PathNode[] _nodes = new PathNode[16];
    private byte[] _folded = [];
    private int _rows;
    private int _nodeCount = 2;
    private int _newestWord;
    private int _newestLong;
    private int _longWord;

    /// <param name="maxMemory">What it takes at most, about.</param>
    public LiveIndex(long maxMemory = MaxMemory)
    {
        _maxMemory = maxMemory;
        Terms = new TermTable(Memory);
        Times = [new TimeValues(Memory, Terms.Rows), new TimeValues(Memory, Terms.Rows), new TimeValues(Memory, Terms.Rows)];
        _nodes[0] = Root;
        _nodes[1] = _lost;
        _longWord = Terms.FindOrAdd(s_longTag, [], ref _newestLong, -1, out _);
    }

    /// <summary>What it takes.</summary>
    public MemoryCount Memory { get; } = new();

    /// <summary>Rows that were added.</summary>
    public int Rows => Volatile.Read(ref _rows);

    /// <summary>The terms.</summary>
    public TermTable Terms { get; }

    /// <summary>The entry itself.</summary>
    public PathNode Root { get; } = new(0, [], PathRole.Ordinary, isText: true);

    /// <summary>The three times, in the order of <see cref="FieldCatalogue.TimeColumn"/>.</summary>
    public TimeValues[] Times { get; }

    /// <summary>How many nodes there are; those below 2 are no members.</summary>
    public int NodeCount => Volatile.Read(ref _nodeCount);

    /// <summary>The newest word.</summary>
    public ref int NewestWord => ref _newestWord;

    /// <summary>What sorted the words last: readers keep it here for each other.</summary>
    public SortedTerms?[] SortedWords { get; } = new SortedTerms?[1];

    /// <summary>The term that stands for every word that is too long to be one. Such words are in strings that are kept as hashes, and in no others.</summary>
    public int LongWord => _longWord;

    /// <summary>Rows that it knows nothing, or not everything, of.</summary>
    public RowList Unindexed;

    /// <summary>Rows with members at paths beyond <see cref="MaxPaths"/>.</summary>
    public RowList Lost;

    /// <summary>Rows with a sealed value anywhere.</summary>
    public RowList Sealed;

    /// <summary>A node by its number.</summary>
    public PathNode Node(int node) => Volatile.Read(ref _nodes)[node];

    /// <summary>Finds a word.</summary>
    /// <returns>Its term, or 0.</returns>
    public int FindWord(ReadOnlySpan<byte> word) => Terms.Find(IndexFormat.WordTag, word);

    /// <summary>Adds a row.</summary>
    /// <param name="walk">Takes its values in.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="clear">Its clear form, where only what is sealed is taken in; else empty.</param>
    /// <exception cref="InvalidOperationException">The chunk is full.</exception>
    public void Add(EntryWalk walk, ReadOnlySpan<byte> entry, ReadOnlySpan<byte> clear)
    {
        Require();
        Exists(Root);
        if (Memory.Bytes >= _maxMemory || !walk.TryWalk(entry, clear))
        {
            Terms.Rows.Add(ref Unindexed, _rows);
            Array.ForEach(Times, times => times.Undecide());
        }

        EndRow();
    }

    /// <summary>Adds a row that has nothing.</summary>
    /// <exception cref="InvalidOperationException">The chunk is full.</exception>
    public void AddMissing()
    {
        Require();
        EndRow();
    }

    /// <summary>Takes in that there is a member at a path.</summary>
    public void Exists(PathNode node) => Terms.Rows.Add(ref node.Existing, _rows);

    /// <summary>Takes in a sealed value.</summary>
    public void Seal(PathNode node)
    {
        Terms.Rows.Add(ref node.Sealed, _rows);
        Terms.Rows.Add(ref Sealed, _rows);
    }

    /// <summary>The node of a member, made where there is none yet.</summary>
    public PathNode Child(PathNode parent, ReadOnlySpan<byte> name)
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
        int found = name.Length <= TermTable.MaxBytes ? Terms.Find(tag, name) : 0;
        if (found != 0)
        {
            PathNode known = _nodes[Terms[found].Extra];
            parent.Expect(known);
            return known;
        }

        if (_nodeCount == MaxPaths || name.Length > TermTable.MaxBytes)
        {
            Terms.Rows.Add(ref Lost, _rows);
            return parent.IsText ? _lostText : _lost;
        }

        return AddChild(parent, tag, name);
    }

    /// <summary>Takes in a string.</summary>
    public void String(PathNode node, ReadOnlySpan<byte> value)
    {
        if (node.Role != PathRole.Ordinary)
        {
            StringOfRole(node, value);
            return;
        }

        if (node.Hashed is null && value.Length > TermTable.MaxBytes)
        {
            TurnIntoHashes(node);
        }

        if (node.Hashed is { } hashed)
        {
            Hashed(node, hashed, value);
            return;
        }

        node.LastString = Put(node, TermKind.String, value, node.LastString, out bool isNew);
        ref Term term = ref Terms[node.LastString];
        bool hasLongWord = false;
        if (isNew)
        {
            node.DifferentStrings++;
            term.Extra = Address(node, value);
            hasLongWord = node.IsText && LinkWords(value, node.LastString);
        }
        else if (term.Extra != 0)
        {
            Terms.Rows.Add(ref Terms[term.Extra].Rows, _rows);
        }

        node.Strings++;
        if (hasLongWord || (node.Strings % DecideAfter == 0 && BitOperations.IsPow2(node.Strings) && WillBeNearlyUnique(node)))
        {
            TurnIntoHashes(node);
        }
    }

    /// <summary>Takes in a number.</summary>
    public void Number(PathNode node, ReadOnlySpan<byte> value)
    {
        if (value.Length > TermTable.MaxBytes)
        {
            Terms.Rows.Add(ref Unindexed, _rows);
        }
        else if (node.Role != PathRole.Lost)
        {
            node.LastNumber = Put(node, TermKind.Number, value, node.LastNumber, out _);
            NoInstant(node);
        }
    }

    /// <summary>Takes in true, false or null.</summary>
    public void Word(PathNode node, ReadOnlySpan<byte> value)
    {
        if (node.Role != PathRole.Lost)
        {
            Put(node, TermKind.Word, value, 0, out _);
            NoInstant(node);
        }
    }

    /// <summary>Whether more than half of a path's strings are different: kept as terms they would take more than all the rest.</summary>
    public static bool IsNearlyUnique(PathNode node) => node.DifferentStrings * 2 > node.Strings;

    /// <summary>The hashes of the strings that a path has as terms; marks those that are identifiers. The writer's.</summary>
    /// <param name="node">The path.</param>
    /// <param name="memory">Counts what they take.</param>
    public HashedValues HashesOf(PathNode node, MemoryCount memory)
    {
        var hashed = new HashedValues(memory);
        ushort[] scratch = new ushort[DecideAfter];
        RowSet all = RowSet.Rent();
        RowSet identifiers = RowSet.Rent();
        for (int at = node.Newest[(int)TermKind.String]; at != 0; at = Terms[at].Previous)
        {
            TakeHash(ref Terms[at], hashed, all, identifiers, scratch);
        }

        AddAll(all, ref hashed.Rows);
        AddAll(identifiers, ref hashed.Identifiers);
        all.Return();
        identifiers.Return();
        return hashed;
    }

    /// <summary>The hash of a string by which a path that keeps hashes finds it.</summary>
    public static uint HashOf(ReadOnlySpan<byte> folded) => (uint)(XxHash3.HashToUInt64(folded) >> 32);

    /// <summary>Whether more than half of a full chunk's strings will be different, if they go on as they began.</summary>
    /// <remarks>
    /// Of values that are drawn evenly from so many that half of 65,536 are different, 95 of a hundred are among the first 4,096. A field of twenty thousand users thus stays a field of
    /// terms, of which one can ask for the most frequent.
    /// </remarks>
    private static bool WillBeNearlyUnique(PathNode node)
    {
        int doubled = Math.Min(BitOperations.Log2((uint)(node.Strings / DecideAfter)), s_uniquePerMille.Length - 1);
        return node.DifferentStrings * 1000L > (long)node.Strings * s_uniquePerMille[doubled];
    }

    private void Require()
    {
        if (_rows == RowSet.MaxRows)
        {
            throw new InvalidOperationException($"The chunk is full: it has {RowSet.MaxRows} rows.");
        }
    }

    private void EndRow()
    {
        foreach (TimeValues times in Times)
        {
            times.EndRow(_rows);
        }

        Volatile.Write(ref _rows, _rows + 1);
    }

    private PathNode AddChild(PathNode parent, uint tag, ReadOnlySpan<byte> name)
    {
        if (_nodeCount == _nodes.Length)
        {
            var nodes = new PathNode[_nodes.Length * 2];
            _nodes.CopyTo(nodes, 0);
            Volatile.Write(ref _nodes, nodes);
        }

        int column = parent == Root ? FieldCatalogue.TimeColumn(name) : -1;
        PathRole role = column >= 0 ? PathRole.Time : parent == Root && name.SequenceEqual("salt"u8) ? PathRole.Salt : PathRole.Ordinary;
        var child = new PathNode(_nodeCount, name.ToArray(), role, parent.IsText && role == PathRole.Ordinary) { TimeColumn = column };
        _nodes[_nodeCount] = child;
        Volatile.Write(ref _nodeCount, _nodeCount + 1);
        Memory.Add(NodeBytes + name.Length);
        parent.Add(child);

        // A reader who finds the name before the node is there takes the path for unknown: the row is not shown yet.
        int term = Terms.FindOrAdd(tag, name, ref parent.Newest[0], -1, out _);
        Volatile.Write(ref Terms[term].Extra, child.Id);
        return child;
    }

    private int Put(PathNode node, TermKind kind, ReadOnlySpan<byte> value, int last, out bool isNew)
    {
        if (last != 0)
        {
            ref Term term = ref Terms[last];
            if (Terms.TextOf(ref term).SequenceEqual(value))
            {
                isNew = false;
                Terms.Rows.Add(ref term.Rows, _rows);
                return last;
            }
        }

        int found = Terms.FindOrAdd(TermTable.Tag(node.Id, (int)kind), value, ref node.Newest[(int)kind], _rows, out isNew);
        if (!isNew)
        {
            Terms.Rows.Add(ref Terms[found].Rows, _rows);
        }

        return found;
    }

    private void NoInstant(PathNode node)
    {
        if (node.Role == PathRole.Time)
        {
            Times[node.TimeColumn].Undecide();
        }
    }

    private void StringOfRole(PathNode node, ReadOnlySpan<byte> value)
    {
        if (node.Role == PathRole.Lost)
        {
            if (node.IsText)
            {
                AddWords(Fold(value), isIdentifier: false);
            }

            return;
        }

        if (node.Role == PathRole.Time)
        {
            Times[node.TimeColumn].Add(value);
        }

        Address(node, value);
    }

    private int Address(PathNode node, ReadOnlySpan<byte> value)
    {
        if (!AddressText.TryRead(value, out UInt128 address))
        {
            return 0;
        }

        Span<byte> term = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(term, address);
        return Put(node, TermKind.Address, term, 0, out _);
    }

    private void Hashed(PathNode node, HashedValues hashed, ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> folded = Fold(value);
        hashed.Add(HashOf(folded), _rows);
        Terms.Rows.Add(ref hashed.Rows, _rows);
        Address(node, value);
        bool isIdentifier = IdentifierShape.TryRead(value, folded, out IdentifierShape shape);
        if (isIdentifier)
        {
            hashed.Shape.Add(shape);
            Terms.Rows.Add(ref hashed.Identifiers, _rows);
        }

        if (node.IsText && (!isIdentifier || shape.LetterLengths != 0))
        {
            AddWords(folded, isIdentifier);
        }
    }

    /// <summary>From now on a path's strings are kept as hashes. Those that are there stay as terms for views of fewer rows, and for the words in them.</summary>
    private void TurnIntoHashes(PathNode node)
    {
        Volatile.Write(ref node.Hashed, HashesOf(node, Memory));
        node.HashedSince = _rows;
    }

    private void TakeHash(ref Term term, HashedValues hashed, RowSet all, RowSet identifiers, ushort[] scratch)
    {
        ReadOnlySpan<byte> value = Terms.TextOf(ref term);
        ReadOnlySpan<byte> folded = Fold(value);
        uint hash = HashOf(folded);
        term.IsIdentifier = IdentifierShape.TryRead(value, folded, out IdentifierShape shape);
        if (term.IsIdentifier)
        {
            hashed.Shape.Add(shape);
            Terms.Rows.AddTo(ref term.Rows, RowSet.MaxRows, identifiers);
        }

        Terms.Rows.AddTo(ref term.Rows, RowSet.MaxRows, all);
        int count = term.Rows.Count;
        ushort[] rows = count <= scratch.Length ? scratch : new ushort[count];
        Terms.Rows.CopyTo(ref term.Rows, rows);
        foreach (ushort row in rows.AsSpan(0, count))
        {
            hashed.Add(hash, row);
        }
    }

    private void AddAll(RowSet rows, ref RowList list)
    {
        for (int row = rows.FirstFrom(0); row >= 0; row = rows.FirstFrom(row + 1))
        {
            Terms.Rows.Add(ref list, row);
        }
    }

    private ReadOnlySpan<byte> Fold(ReadOnlySpan<byte> value)
    {
        int needed = FoldedText.MaxLength(value.Length);
        if (_folded.Length < needed)
        {
            _folded = new byte[Math.Max(needed, 1024)];
        }

        return _folded.AsSpan(0, FoldedText.Fold(value, _folded));
    }

    private void AddWords(ReadOnlySpan<byte> folded, bool isIdentifier)
    {
        while (FoldedText.Next(ref folded, out ReadOnlySpan<byte> word))
        {
            if (!isIdentifier || !IdentifierShape.IsLeftOut(word))
            {
                Terms.Rows.Add(ref Terms[FindOrAddWord(word, MaxWordBytes)].Rows, _rows);
            }
        }
    }

    /// <summary>Links the words of a string with it.</summary>
    /// <returns>Whether one of them is longer than any term: folding can lengthen it.</returns>
    private bool LinkWords(ReadOnlySpan<byte> value, int source)
    {
        ReadOnlySpan<byte> folded = Fold(value);
        bool hasLong = false;
        while (FoldedText.Next(ref folded, out ReadOnlySpan<byte> word))
        {
            int term = FindOrAddWord(word, TermTable.MaxBytes);
            Terms.AddSource(ref Terms[term], source);
            hasLong |= term == _longWord;
        }

        return hasLong;
    }

    private int FindOrAddWord(ReadOnlySpan<byte> word, int longest) =>
        word.Length > longest ? _longWord : Terms.FindOrAdd(IndexFormat.WordTag, word, ref _newestWord, -1, out _);
}
