using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Indelible.Search;

/// <summary>The index of a chunk while it fills: its terms, rows, hashes and times, and how a value is taken in. One writer; readers ask a <see cref="LiveView"/>.</summary>
/// <remarks>
/// A row is shown by <see cref="Rows"/> when everything of it is written, and nothing that was written is ever moved, so a view of the first rows is exact without a lock: whatever it
/// meets of later rows it cuts off.
/// </remarks>
internal sealed class LiveIndex
{
    /// <summary>What a chunk takes in memory at most: rows that come when it is reached are in the index only as rows that it does not know.</summary>
    public const long MaxMemory = 128L << 20;

    /// <summary>After so many strings it is first decided whether a path's strings are kept as hashes; again each time that they are twice as many.</summary>
    public const int DecideAfter = 1024;

    // Of fewer strings than this it is decided only where all of them are as long as identifiers are: those take the most while they are terms, and hardly ever come back.
    private const int DecideShortAfter = 4096;
    private const int LongBytes = 12;

    // Of 1,024 strings, 2,048, … 65,536.
    private static readonly int[] s_uniquePerMille = [995, 990, 980, 960, 824, 688, 500];

    private readonly long _maxMemory;
    private int _rows;

    /// <param name="maxMemory">What it takes at most, about.</param>
    public LiveIndex(long maxMemory = MaxMemory)
    {
        _maxMemory = maxMemory;
        Terms = new TermTable(Memory);
        Times = [new TimeValues(Memory, Terms.Rows), new TimeValues(Memory, Terms.Rows), new TimeValues(Memory, Terms.Rows)];
        Paths = new LivePaths(Terms, Memory);
        Words = new LiveWords(Terms);
    }

    /// <summary>What it takes.</summary>
    public MemoryCount Memory { get; } = new();

    /// <summary>Rows that were added.</summary>
    public int Rows => Volatile.Read(ref _rows);

    /// <summary>The terms.</summary>
    public TermTable Terms { get; }

    /// <summary>The paths.</summary>
    public LivePaths Paths { get; }

    /// <summary>The words.</summary>
    public LiveWords Words { get; }

    /// <summary>The three times, in the order of <see cref="FieldCatalogue.TimeColumn"/>.</summary>
    public TimeValues[] Times { get; }

    /// <summary>Rows that it knows nothing, or not everything, of.</summary>
    public RowList Unindexed;

    /// <summary>Rows with a sealed value anywhere.</summary>
    public RowList Sealed;

    /// <summary>Adds a row.</summary>
    /// <param name="walk">Takes its values in.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="clear">Its clear form, where only what is sealed is taken in; else empty.</param>
    /// <exception cref="InvalidOperationException">The chunk is full.</exception>
    public void Add(EntryWalk walk, ReadOnlySpan<byte> entry, ReadOnlySpan<byte> clear)
    {
        Require();
        Exists(Paths.Root);
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

    /// <summary>The row that is being added is taken in again from its beginning: of what was taken in, all is found once more.</summary>
    public void Restart() => Array.ForEach(Times, times => times.Restart());

    /// <summary>Takes in that there is a member at a path.</summary>
    public void Exists(PathNode node) => Terms.Rows.Add(ref node.Existing, _rows);

    /// <summary>Takes in a sealed value.</summary>
    public void Seal(PathNode node)
    {
        Terms.Rows.Add(ref node.Sealed, _rows);
        Terms.Rows.Add(ref Sealed, _rows);
    }

    /// <summary>The node of a member.</summary>
    public PathNode Child(PathNode parent, ReadOnlySpan<byte> name) => Paths.Child(parent, name, _rows);

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
            node.ShortestString = Math.Min(node.ShortestString, value.Length);
            term.Extra = Address(node, value);
            hasLongWord = node.IsText && Words.Link(Words.Fold(value), node.LastString);
        }
        else if (term.Extra != 0)
        {
            Terms.Rows.Add(ref Terms[term.Extra].Rows, _rows);
        }

        CountString(node, hasLongWord);
    }

    /// <summary>Takes in that a path has one more string as a term, and keeps its strings as hashes from now on where that is better.</summary>
    private void CountString(PathNode node, bool hasLongWord)
    {
        node.Strings++;
        if (hasLongWord || (node.Strings % DecideAfter == 0 && BitOperations.IsPow2(node.Strings) && WillBeNearlyUnique(node)))
        {
            TurnIntoHashes(node);
        }
    }

    /// <summary>Takes in a member whose string is the one that its path had last: it need not be looked for.</summary>
    /// <param name="node">The path.</param>
    /// <param name="text">Begins with the string, behind its quotation mark.</param>
    /// <returns>The length of the string; −1 where it is another, and nothing was taken in.</returns>
    public int Repeat(PathNode node, ReadOnlySpan<byte> text)
    {
        if (node.LastString == 0 || node.Hashed is not null)
        {
            return -1;
        }

        ref Term term = ref Terms[node.LastString];
        int length = term.Length;
        if (length >= text.Length || text[length] != '"' || !text[..length].SequenceEqual(Terms.TextOf(ref term)))
        {
            return -1;
        }

        Exists(node);
        Terms.Rows.Add(ref term.Rows, _rows);
        if (term.Extra != 0)
        {
            Terms.Rows.Add(ref Terms[term.Extra].Rows, _rows);
        }

        CountString(node, hasLongWord: false);
        return length;
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
        RowSet all = RowSet.Rent();
        RowSet identifiers = RowSet.Rent();
        ushort[] scratch = ArrayPool<ushort>.Shared.Rent(RowSet.MaxRows);
        for (int at = node.Newest[(int)TermKind.String]; at != 0; at = Terms[at].Previous)
        {
            TakeHash(ref Terms[at], hashed, all, identifiers, scratch);
        }

        ArrayPool<ushort>.Shared.Return(scratch);

        AddAll(all, ref hashed.Rows);
        AddAll(identifiers, ref hashed.Identifiers);
        all.Return();
        identifiers.Return();
        return hashed;
    }

    /// <summary>Whether more than half of a full chunk's strings will be different, if they go on as they began.</summary>
    /// <remarks>
    /// Of values that are drawn evenly from so many that half of 65,536 are different, 824 of a thousand are different among the first 16,384. A field of twenty thousand users thus stays a field
    /// of terms, of which one can ask for the most frequent. Of fewer strings nearly all must be different: where many act in turn (those of one company, then of the next), the first thousands
    /// hardly repeat what the whole does.
    /// </remarks>
    private static bool WillBeNearlyUnique(PathNode node)
    {
        if (node.Strings < DecideShortAfter && node.ShortestString < LongBytes)
        {
            return false;
        }

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
                Words.Add(Words.Fold(value), isIdentifier: false, _rows);
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
        // Every address has one of both among its first five bytes, and hardly anything else does.
        if (!value[..Math.Min(value.Length, 5)].ContainsAny((byte)'.', (byte)':') || !AddressText.TryRead(value, out UInt128 address))
        {
            return 0;
        }

        Span<byte> term = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(term, address);
        return Put(node, TermKind.Address, term, 0, out _);
    }

    private void Hashed(PathNode node, HashedValues hashed, ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> folded = Words.Fold(value);
        hashed.Add(HashedValues.HashOf(folded), _rows);
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
            Words.Add(folded, isIdentifier, _rows);
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
        ReadOnlySpan<byte> folded = Words.Fold(value);
        uint hash = HashedValues.HashOf(folded);
        term.IsIdentifier = IdentifierShape.TryRead(value, folded, out IdentifierShape shape);
        if (term.IsIdentifier)
        {
            hashed.Shape.Add(shape);
            Terms.Rows.AddTo(ref term.Rows, RowSet.MaxRows, identifiers);
        }

        Terms.Rows.AddTo(ref term.Rows, RowSet.MaxRows, all);
        foreach (ushort row in scratch.AsSpan(0, Terms.Rows.CopyTo(ref term.Rows, scratch)))
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
}
