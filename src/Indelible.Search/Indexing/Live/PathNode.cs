namespace Indelible.Search;

/// <summary>What is special about a path.</summary>
internal enum PathRole : byte
{
    /// <summary>Nothing.</summary>
    Ordinary,

    /// <summary>One of the three times: strings are instants of a column.</summary>
    Time,

    /// <summary>The salt: strings are in no index, for nobody looks for one.</summary>
    Salt,

    /// <summary>A path beyond what an index takes: only the words of what stands there are indexed.</summary>
    Lost,
}

/// <summary>A path of an index that fills. Only the writer touches the fields that say so.</summary>
internal sealed class PathNode
{
    private const int PredictedChildren = 64;

    private PathNode[] _children = [];
    private int _count;
    private int _expected;

    /// <param name="id">The number in tags.</param>
    /// <param name="name">The member's name.</param>
    /// <param name="role">What is special.</param>
    /// <param name="isText">Whether free text looks into it.</param>
    public PathNode(int id, byte[] name, PathRole role, bool isText)
    {
        (Id, Name, Role, IsText) = (id, name, role, isText);
        Start = name.Contains((byte)'"') ? null : [.. name, (byte)'"', (byte)':'];
    }

    /// <summary>The number in tags.</summary>
    public int Id { get; }

    /// <summary>The member's name.</summary>
    public byte[] Name { get; }

    /// <summary>What a member begins with in canonical JSON, behind the first quotation mark; null where its name has to be escaped.</summary>
    public byte[]? Start { get; }

    /// <summary>What is special.</summary>
    public PathRole Role { get; }

    /// <summary>Whether free text looks into it.</summary>
    public bool IsText { get; }

    /// <summary>Which of the three times it is.</summary>
    public int TimeColumn { get; init; } = -1;

    /// <summary>Rows that have a member here.</summary>
    public RowList Existing;

    /// <summary>Rows that have a sealed value here.</summary>
    public RowList Sealed;

    /// <summary>The newest terms, by kind.</summary>
    public TermHeads Newest;

    /// <summary>What sorted them last, by kind: readers keep it here for each other.</summary>
    public readonly SortedTerms?[] Sorted = new SortedTerms?[(int)TermKind.Address + 1];

    /// <summary>How many strings were added as terms, repetitions included; the writer's.</summary>
    public int Strings;

    /// <summary>How many different ones; the writer's.</summary>
    public int DifferentStrings;

    /// <summary>Bytes of the shortest of them; the writer's.</summary>
    public int ShortestString = int.MaxValue;

    /// <summary>The string and the number that were here last, or 0; the writer's. The next is often the same.</summary>
    public int LastString, LastNumber;

    /// <summary>Its strings, where they are kept as hashes; set before <see cref="HashedSince"/>.</summary>
    public HashedValues? Hashed;

    /// <summary>The row that turned its strings into hashes: who looks at rows up to it alone finds them as terms still.</summary>
    public int HashedSince = int.MaxValue;

    /// <summary>An object begins: its members are expected in the order of names.</summary>
    public void Begin() => _expected = 0;

    /// <summary>The child of this name, where it is the expected one or one that follows soon; the writer's.</summary>
    /// <remarks>Entries are canonical, so members come in one order, and most are there each time: two comparisons find nearly all of them.</remarks>
    public PathNode? Predict(ReadOnlySpan<byte> name)
    {
        for (int i = _expected; i < _count && i < _expected + 3; i++)
        {
            if (_children[i].Name.AsSpan().SequenceEqual(name))
            {
                _expected = i + 1;
                return _children[i];
            }
        }

        return null;
    }

    /// <summary>The child of a member, where it is the expected one or one that follows soon; the writer's.</summary>
    /// <param name="member">What begins with the member, behind the first quotation mark; without any backslash or control character.</param>
    public PathNode? PredictStart(ReadOnlySpan<byte> member)
    {
        for (int i = _expected; i < _count && i < _expected + 3; i++)
        {
            if (_children[i].Start is { } start && member.StartsWith(start))
            {
                _expected = i + 1;
                return _children[i];
            }
        }

        return null;
    }

    /// <summary>After a child was found otherwise: goes on behind it; the writer's.</summary>
    public void Expect(PathNode found)
    {
        int i = Array.IndexOf(_children, found, 0, _count);
        _expected = i < 0 ? _expected : i + 1;
    }

    /// <summary>Adds a child to those that are predicted; the writer's.</summary>
    public void Add(PathNode child)
    {
        if (_count == PredictedChildren)
        {
            return;
        }

        if (_count == _children.Length)
        {
            Array.Resize(ref _children, Math.Max(4, _count * 2));
        }

        int place = _count;
        while (place > 0 && _children[place - 1].Name.AsSpan().SequenceCompareTo(child.Name) > 0)
        {
            _children[place] = _children[place - 1];
            place--;
        }

        _children[place] = child;
        _count++;
        _expected = place + 1;
    }

    /// <summary>The newest term of each kind.</summary>
    [System.Runtime.CompilerServices.InlineArray((int)TermKind.Address + 1)]
    public struct TermHeads
    {
        private int _first;
    }
}

/// <summary>Terms of one tag in order, up to the newest that there was.</summary>
/// <param name="Newest">The newest.</param>
/// <param name="Terms">All of them, sorted.</param>
internal sealed record SortedTerms(int Newest, int[] Terms);
