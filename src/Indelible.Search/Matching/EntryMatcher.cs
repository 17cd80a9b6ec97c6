using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Indelible.Events;

namespace Indelible.Search;

/// <summary>A query made ready: one pass over an entry's bytes answers every clause, then the tree is folded over the answers.</summary>
/// <remarks>
/// The clauses' paths form a tree of names, so a member that no clause asks for is skipped without being looked into (unless some clause
/// asks for words anywhere). Immutable, safe to share between threads; nothing is allocated per entry, save when a string with escapes
/// has to be unescaped into a rented buffer.
/// </remarks>
internal sealed class EntryMatcher
{
    private readonly Step _program;
    private readonly PathNode _root = new("");
    private readonly List<ClauseNode> _clauses = [];
    private readonly List<int> _anywhere = [];

    public EntryMatcher(QueryNode query)
    {
        _program = Compile(query);
        _root.Freeze();
    }

    /// <exception cref="JsonException">The bytes are not one JSON value, or a string in it is not Unicode.</exception>
    public bool Matches(ReadOnlySpan<byte> entry)
    {
        if (_clauses.Count == 0)
        {
            return _program.Evaluate([]);
        }

        var state = new State(stackalloc bool[_clauses.Count]);
        scoped var reader = new Utf8JsonReader(entry);
        try
        {
            reader.Read();
            Value(ref reader, _root, ref state);
            return _program.Evaluate(state.Hits);
        }
        catch (InvalidOperationException e)
        {
            // What the reader throws for a lone surrogate and for bytes that are not UTF-8, where a string is compared or unescaped.
            throw new JsonException("A string of the entry is not Unicode.", e);
        }
        finally
        {
            state.Return();
        }
    }

    private Step Compile(QueryNode node)
    {
        switch (node)
        {
            case AndNode and:
                return new Step(StepKind.And, -1, [.. and.Children.Select(Compile)]);
            case OrNode or:
                return new Step(StepKind.Or, -1, [.. or.Children.Select(Compile)]);
            case NotNode not:
                return new Step(StepKind.Not, -1, [Compile(not.Child)]);
            case ClauseNode clause:
                int number = _clauses.Count;
                _clauses.Add(clause);
                if (clause.Path is null)
                {
                    _anywhere.Add(number);
                }
                else
                {
                    _root.Add(clause.Path.Segments, number, clause is ExistsNode);
                }

                return new Step(StepKind.Clause, number, []);
            default:
                return new Step(StepKind.All, -1, []);
        }
    }

    private void Value(ref Utf8JsonReader reader, PathNode? at, ref State state)
    {
        if (at is not null)
        {
            foreach (int clause in at.Existence)
            {
                state.Hit(clause);
            }
        }

        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                Members(ref reader, at, ref state);
                break;
            case JsonTokenType.StartArray:
                while (!state.IsDecided && reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Value(ref reader, at, ref state);
                }

                break;
            default:
                Scalar(ref reader, at, ref state);
                break;
        }
    }

    private void Members(ref Utf8JsonReader reader, PathNode? at, ref State state)
    {
        bool first = true;
        while (!state.IsDecided && reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            if (first && HiddenValue.TrySkip(ref reader))
            {
                return;
            }

            first = false;
            PathNode? child = at?.Find(ref reader);
            bool isNoText = at == _root && _anywhere.Count > 0 && FieldCatalogue.IsNoText(ref reader);
            reader.Read();
            if (child is null && (_anywhere.Count == 0 || isNoText || state.IsNoText))
            {
                reader.Skip();
            }
            else
            {
                state.IsNoText |= isNoText;
                Value(ref reader, child, ref state);
                state.IsNoText &= !isNoText;
            }
        }
    }

    private void Scalar(ref Utf8JsonReader reader, PathNode? at, ref State state)
    {
        int[] clauses = at?.Values ?? [];
        bool isText = reader.TokenType == JsonTokenType.String && _anywhere.Count > 0 && !state.IsNoText;
        if (clauses.Length == 0 && !isText)
        {
            return;
        }

        ReadOnlySpan<byte> value = reader.TokenType == JsonTokenType.String && reader.ValueIsEscaped
            ? state.Unescape(ref reader)
            : reader.ValueSpan;
        foreach (int clause in clauses)
        {
            if (!state.Hits[clause] && Passes(_clauses[clause], reader.TokenType, value))
            {
                state.Hit(clause);
            }
        }

        if (isText)
        {
            foreach (int clause in _anywhere)
            {
                if (!state.Hits[clause] && ((WordsNode)_clauses[clause]).Phrase.Matches(value))
                {
                    state.Hit(clause);
                }
            }
        }
    }

    private static bool Passes(ClauseNode clause, JsonTokenType type, ReadOnlySpan<byte> value) => type switch
    {
        JsonTokenType.String => clause switch
        {
            EqualsNode equals => equals.Literal.MatchesString(value),
            LikeNode like => like.Glob.Matches(value, fold: false),
            RangeNode range => range.Range.MatchesString(value),
            WordsNode words => words.Phrase.Matches(value),
            PassesNode passes => passes.Test.Passes(value, type),
            _ => false,
        },
        JsonTokenType.Number => clause switch
        {
            EqualsNode equals => equals.Literal.MatchesNumber(value),
            LikeNode like => like.Glob.Matches(value, fold: false),
            RangeNode range => range.Range.MatchesNumber(value),
            PassesNode passes => passes.Test.Passes(value, type),
            _ => false,
        },
        _ => clause switch
        {
            EqualsNode equals => equals.Literal.MatchesWord(value),
            PassesNode passes => type != JsonTokenType.Null && passes.Test.Passes(value, type),
            _ => false,
        },
    };

    private enum StepKind
    {
        All,
        And,
        Or,
        Not,
        Clause,
    }

    private sealed class Step(StepKind kind, int clause, Step[] children)
    {
        public bool Evaluate(ReadOnlySpan<bool> hits)
        {
            switch (kind)
            {
                case StepKind.Clause:
                    return hits[clause];
                case StepKind.Not:
                    return !children[0].Evaluate(hits);
                case StepKind.All:
                    return true;
                default:
                    bool decides = kind == StepKind.Or;
                    foreach (Step child in children)
                    {
                        if (child.Evaluate(hits) == decides)
                        {
                            return decides;
                        }
                    }

                    return !decides;
            }
        }
    }

    private sealed class PathNode(string name)
    {
        private readonly byte[] _name = Encoding.UTF8.GetBytes(name);
        private readonly List<PathNode> _children = [];
        private readonly List<int> _values = [];
        private readonly List<int> _existence = [];

        public int[] Values { get; private set; } = [];

        public int[] Existence { get; private set; } = [];

        public void Add(ReadOnlySpan<string> path, int clause, bool existence)
        {
            if (path.Length == 0)
            {
                (existence ? _existence : _values).Add(clause);
                return;
            }

            byte[] wanted = Encoding.UTF8.GetBytes(path[0]);
            PathNode? child = _children.Find(c => c._name.AsSpan().SequenceEqual(wanted));
            if (child is null)
            {
                child = new PathNode(path[0]);
                _children.Add(child);
            }

            child.Add(path[1..], clause, existence);
        }

        public void Freeze()
        {
            Values = [.. _values];
            Existence = [.. _existence];
            _children.ForEach(child => child.Freeze());
        }

        public PathNode? Find(ref Utf8JsonReader reader)
        {
            foreach (PathNode child in _children)
            {
                if (reader.ValueTextEquals(child._name))
                {
                    return child;
                }
            }

            return null;
        }
    }

    private ref struct State(Span<bool> hits)
    {
        private byte[]? _scratch;
        private int _open = hits.Length;

        public readonly Span<bool> Hits { get; } = hits;

        /// <summary>Inside of a member that free text does not look into.</summary>
        public bool IsNoText { get; set; }

        /// <summary>Every clause has its hit: the rest of the entry cannot change the answer.</summary>
        public readonly bool IsDecided => _open == 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Hit(int clause)
        {
            if (!Hits[clause])
            {
                Hits[clause] = true;
                _open--;
            }
        }

        public ReadOnlySpan<byte> Unescape(ref Utf8JsonReader reader)
        {
            if (_scratch is null || _scratch.Length < reader.ValueSpan.Length)
            {
                Return();
                _scratch = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
            }

            return _scratch.AsSpan(0, reader.CopyString(_scratch));
        }

        public void Return()
        {
            if (_scratch is not null)
            {
                // Cleared: it may have held a decrypted personal value.
                ArrayPool<byte>.Shared.Return(_scratch, clearArray: true);
                _scratch = null;
            }
        }
    }
}
