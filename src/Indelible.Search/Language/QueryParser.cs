using System.Text;

namespace Indelible.Search;

/// <summary>Reads query text into a tree, by recursive descent; the first fault ends it.</summary>
/// <remarks>
/// <code>
/// query   = [ or ]                               nothing is everything
/// or      = and { "OR" and }
/// and     = unary { [ "AND" ] unary }            side by side is AND
/// unary   = ( "NOT" | "-" ) unary | primary
/// primary = "(" or ")" | "exists(" path ")" | path operator value | words
/// </code>
/// </remarks>
internal sealed class QueryParser
{
    private const string ExpectedClause = "a field such as actor:u-1, a word, a quoted text or \"(\"";

    private readonly string _text;
    private readonly long _now;
    private int _at;
    private int _nesting;
    private QueryError? _error;

    private QueryParser(string text, long now)
    {
        _text = text;
        _now = now;
    }

    private char Current => _at < _text.Length ? _text[_at] : '\0';

    private bool AtEnd => _at >= _text.Length;

    public static QueryNode? Parse(string text, long now, out QueryError? error)
    {
        var parser = new QueryParser(text, now);
        QueryNode? node = parser.ParseWhole();
        error = parser._error;
        return error is null ? node : null;
    }

    public static FieldPath? ParsePath(string text, out QueryError? error)
    {
        var parser = new QueryParser(text, 0);
        FieldPath? path = parser.ParseWholePath();
        error = parser._error;
        return error is null ? path : null;
    }

    /// <summary>Whether every surrogate has its partner: text that cannot be written as UTF-8 cannot be in an entry.</summary>
    public static bool IsWellFormed(string text) => IllFormedAt(text) < 0;

    private static int IllFormedAt(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]))
            {
                if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
                {
                    return i;
                }

                i++;
            }
        }

        return -1;
    }

    private QueryNode? ParseWhole()
    {
        if (_text.Length > QueryLimits.MaxTextBytes || Encoding.UTF8.GetByteCount(_text) > QueryLimits.MaxTextBytes)
        {
            return Fail(0, _text.Length, "The query is too long.", $"at most {QueryLimits.MaxTextBytes} bytes");
        }

        if (IllFormedAt(_text) is >= 0 and int bad)
        {
            return Fail(bad, 1, "This is half a character.", "well-formed Unicode text");
        }

        SkipSpace();
        if (AtEnd)
        {
            return AllNode.Instance;
        }

        QueryNode? node = ParseOr();
        if (node is not null && !AtEnd)
        {
            return Current == ')'
                ? Fail(_at, 1, "This \")\" closes nothing.", "a \"(\" before it, or its removal")
                : Fail(_at, 1, "The query cannot go on here.", "AND, OR or " + ExpectedClause);
        }

        return node;
    }

    private FieldPath? ParseWholePath()
    {
        if (_text.Length > QueryLimits.MaxTextBytes || !IsWellFormed(_text)
            || !TryScanPath(out string[] segments, out bool quoted) || !AtEnd)
        {
            Fail(Math.Min(_at, _text.Length), 0, "This is no path.", "a path such as targets.type");
            return null;
        }

        return Resolve(segments, quoted, 0, _at);
    }

    private QueryNode? ParseOr()
    {
        var children = new List<QueryNode>();
        do
        {
            if (ParseAnd() is not { } child)
            {
                return null;
            }

            children.Add(child);
        }
        while (TakeKeyword("OR"));

        return Nodes.Or(children);
    }

    private QueryNode? ParseAnd()
    {
        var children = new List<QueryNode>();
        do
        {
            if (ParseUnary() is not { } child)
            {
                return null;
            }

            children.Add(child);
        }
        while (TakeKeyword("AND") || (!AtEnd && Current != ')' && !IsKeyword("OR")));

        return Nodes.And(children);
    }

    private QueryNode? ParseUnary()
    {
        int start = _at;
        bool word = TakeKeyword("NOT");
        if (!word && Current != '-')
        {
            return ParsePrimary();
        }

        if (!word)
        {
            _at++;
            if (AtEnd || char.IsWhiteSpace(Current))
            {
                return Fail(start, 1, "Nothing follows this \"-\".", "a clause right behind it, as in -service:batch");
            }
        }

        return Nested(start, ParseUnary) is { } child ? Nodes.Not(child) : null;
    }

    private QueryNode? ParsePrimary()
    {
        if (AtEnd || Current == ')')
        {
            return Fail(_at, AtEnd ? 0 : 1, "Something is missing here.", ExpectedClause);
        }

        if (Current == '(')
        {
            return ParseParentheses(ParseOr);
        }

        int start = _at;
        foreach (string keyword in (ReadOnlySpan<string>)["AND", "OR"])
        {
            if (IsKeyword(keyword))
            {
                return Fail(start, keyword.Length, $"Nothing stands before this {keyword}.", ExpectedClause + "; in quotes it is a word");
            }
        }

        if (_text.AsSpan(_at).StartsWith("exists(", StringComparison.Ordinal))
        {
            return ParseExists();
        }

        QueryNode? clause = ParseField();
        if (clause is null && _error is null)
        {
            clause = ParseWords();
        }

        SkipSpace();
        return clause;
    }

    private QueryNode? ParseParentheses(Func<QueryNode?> content)
    {
        int open = _at++;
        SkipSpace();
        QueryNode? node = Nested(open, content);
        if (node is null)
        {
            return null;
        }

        if (Current != ')')
        {
            return AtEnd
                ? Fail(open, 1, "This \"(\" is never closed.", "a \")\"")
                : Fail(_at, 1, "The list cannot go on here.", "\",\", OR, AND or \")\"");
        }

        _at++;
        SkipSpace();
        return node;
    }

    private QueryNode? Nested(int at, Func<QueryNode?> content)
    {
        if (++_nesting > QueryLimits.MaxNesting)
        {
            return Fail(at, 1, "The query is nested too deeply.", $"at most {QueryLimits.MaxDepth} levels");
        }

        QueryNode? node = content();
        _nesting--;
        return node;
    }

    private QueryNode? ParseExists()
    {
        _at += "exists(".Length;
        SkipSpace();
        int start = _at;
        if (!TryScanPath(out string[] segments, out bool quoted))
        {
            return _error is null ? Fail(start, AtEnd ? 0 : 1, "This is no path.", "a path such as targets.owner") : null;
        }

        int end = _at;
        SkipSpace();
        if (Current != ')')
        {
            return Fail(_at, AtEnd ? 0 : 1, "The \"exists(\" is not closed.", "\")\"");
        }

        _at++;
        SkipSpace();
        return Resolve(segments, quoted, start, end) is { } path ? new ExistsNode(path) : null;
    }

    /// <summary>A clause on a field. Null without an error, and nothing consumed, when no path with an operator stands here.</summary>
    private QueryNode? ParseField()
    {
        int start = _at;
        if (!TryScanPath(out string[] segments, out bool quoted))
        {
            _error = null;
            _at = start;
            return null;
        }

        int end = _at;
        string? op = ScanOperator();
        if (op is null)
        {
            _at = start;
            return null;
        }

        if (Resolve(segments, quoted, start, end) is not { } path)
        {
            return null;
        }

        if (AtEnd || char.IsWhiteSpace(Current) || Current is ')' or ',')
        {
            return Fail(_at, AtEnd ? 0 : 1, $"A value is missing behind \"{op}\".", "a value right behind it, without a space");
        }

        switch (op)
        {
            case "!=":
                return ParseValues(path, "=") is { } equal ? Nodes.Not(equal) : null;
            case ":" or "=" or "~":
                return ParseValues(path, op);
            default:
                return ParseComparison(path, op);
        }
    }

    private QueryNode? ParseValues(FieldPath path, string op)
    {
        if (Current != '(')
        {
            return ParseValue(path, op, inList: false);
        }

        int items = 0;
        return ParseParentheses(() => ParseListOr(path, op, ref items));
    }

    private QueryNode? ParseListOr(FieldPath path, string op, ref int items)
    {
        var children = new List<QueryNode>();
        do
        {
            if (ParseListAnd(path, op, ref items) is not { } child)
            {
                return null;
            }

            children.Add(child);
        }
        while (TakeComma() || TakeKeyword("OR"));

        return Nodes.Or(children);
    }

    private QueryNode? ParseListAnd(FieldPath path, string op, ref int items)
    {
        var children = new List<QueryNode>();
        do
        {
            if (ParseListItem(path, op, ref items) is not { } child)
            {
                return null;
            }

            children.Add(child);
        }
        while (TakeKeyword("AND"));

        return Nodes.And(children);
    }

    private QueryNode? ParseListItem(FieldPath path, string op, ref int items)
    {
        int start = _at;
        if (AtEnd || Current is ')' or ',')
        {
            return Fail(_at, AtEnd ? 0 : 1, "A value is missing in the list.", "a value, a quoted text or \")\" behind the last value");
        }

        if (++items > QueryLimits.MaxListItems)
        {
            return Fail(start, 1, "The list is too long.", $"at most {QueryLimits.MaxListItems} values");
        }

        if (TakeKeyword("NOT") || Current == '(')
        {
            int inner = items - 1;
            bool negated = start != _at;
            QueryNode? node = negated
                ? Nested(start, () => ParseListItem(path, op, ref inner))
                : ParseParentheses(() => ParseListOr(path, op, ref inner));
            items = inner;
            return node is null ? null : negated ? Nodes.Not(node) : node;
        }

        QueryNode? value = ParseValue(path, op, inList: true);
        SkipSpace();
        return value;
    }

    private QueryNode? ParseValue(FieldPath path, string op, bool inList)
    {
        if (Current is '[' or '{' && op != "~")
        {
            return ParseRange(path);
        }

        return ScanText(inList, inRange: false) is { } value ? MakeValue(path, op, value) : null;
    }

    private QueryNode? MakeValue(FieldPath path, string op, ScannedText value)
    {
        FieldKind kind = FieldCatalogue.KindOf(path);
        if (op == ":" && value.IsAnything)
        {
            return new ExistsNode(path);
        }

        if (op == "~" || (op == ":" && (kind == FieldKind.Text || (kind == FieldKind.Free && value.Quoted))))
        {
            if (Phrase.From([.. value.Parts]) is { } phrase)
            {
                return new WordsNode(path, phrase);
            }

            if (op == "~" || value.Wildcards > 0)
            {
                return Fail(value.Start, value.Length, "There is no word in this.", "a letter or a digit");
            }
        }
        else if (kind == FieldKind.Time && (op == ":" || !value.Quoted) && value.Wildcards == 0)
        {
            return TryTime(value, out long from, out long to)
                ? new RangeNode(path, ValueRange.TryCreateTime(from, to)!)
                : FailTime(value);
        }
        else if (kind == FieldKind.Time && op == ":")
        {
            return Fail(
                value.Start, value.Length, "A time takes no wildcards.", "a shorter time for a longer span: 2026-11 is the whole month");
        }

        return value.Wildcards > 0
            ? Nodes.Like(path, new Glob(value.Parts))
            : Nodes.Equal(path, value.Literal, value.Quoted || value.Escaped);
    }

    private QueryNode? ParseRange(FieldPath path)
    {
        int open = _at;
        bool lowerInclusive = Current == '[';
        _at++;
        SkipSpace();
        if (ScanText(inList: false, inRange: true) is not { } lower)
        {
            return null;
        }

        SkipSpace();
        if (!TakeKeyword("TO"))
        {
            return Fail(_at, AtEnd ? 0 : 1, "The range has no TO.", "a range such as [400 TO 499]");
        }

        if (ScanText(inList: false, inRange: true) is not { } upper)
        {
            return null;
        }

        SkipSpace();
        if (Current is not (']' or '}'))
        {
            return Fail(_at, AtEnd ? 0 : 1, "The range is not closed.", "\"]\" to include its end, \"}\" not to");
        }

        bool upperInclusive = Current == ']';
        _at++;
        if (lower.IsAnything && upper.IsAnything)
        {
            return new ExistsNode(path);
        }

        return MakeRange(
            path, lower.IsAnything ? null : lower, lowerInclusive, upper.IsAnything ? null : upper, upperInclusive, open, _at - open);
    }

    private QueryNode? ParseComparison(FieldPath path, string op)
    {
        if (ScanText(inList: false, inRange: false) is not { } end)
        {
            return null;
        }

        bool inclusive = op.Length == 2;
        return op[0] == '>'
            ? MakeRange(path, end, inclusive, null, false, end.Start, end.Length)
            : MakeRange(path, null, false, end, inclusive, end.Start, end.Length);
    }

    private QueryNode? MakeRange(
        FieldPath path, ScannedText? lower, bool lowerInclusive, ScannedText? upper, bool upperInclusive, int start, int length)
    {
        foreach (ScannedText? end in (ReadOnlySpan<ScannedText?>)[lower, upper])
        {
            if (end is { Wildcards: > 0 })
            {
                return Fail(
                    end.Start, end.Length, "The end of a range takes no wildcards.", "a value; \"*\" alone leaves a range's end open");
            }
        }

        if (RangeKindOf(path, lower, upper) is not { } kind)
        {
            return FieldCatalogue.KindOf(path) == FieldKind.Time
                ? FailTime(lower is not null && !TryTime(lower, out _, out _) ? lower : upper!)
                : Fail(
                    start,
                    length,
                    "The ends of the range are of different kinds.",
                    "two numbers, two times, two addresses, or two texts in quotes");
        }

        ValueRange? range = kind == RangeKind.Time
            ? MakeTimeRange(lower, lowerInclusive, upper, upperInclusive)
            : ValueRange.TryCreate(
                kind,
                lower is null ? null : new RangeEnd(lower.Literal, lowerInclusive),
                upper is null ? null : new RangeEnd(upper.Literal, upperInclusive));
        return range is null
            ? Fail(start, length, "Nothing lies in this range.", "the lower end first")
            : new RangeNode(path, range);
    }

    /// <summary>A time is a span, so an end that is included includes all of it and one that is not excludes all of it.</summary>
    private ValueRange? MakeTimeRange(ScannedText? lower, bool lowerInclusive, ScannedText? upper, bool upperInclusive)
    {
        long? from = null;
        long? to = null;
        if (lower is not null && TryTime(lower, out long start, out long behind))
        {
            from = lowerInclusive ? start : behind;
        }

        if (upper is not null && TryTime(upper, out start, out behind))
        {
            to = upperInclusive ? behind : start;
        }

        return ValueRange.TryCreateTime(from, to);
    }

    private RangeKind? RangeKindOf(FieldPath path, ScannedText? lower, ScannedText? upper)
    {
        bool isTimeField = FieldCatalogue.KindOf(path) == FieldKind.Time;
        if (isTimeField)
        {
            return Are(end => TryTime(end, out _, out _)) ? RangeKind.Time : null;
        }

        if (lower is { IsPlainText: true } || upper is { IsPlainText: true })
        {
            return RangeKind.Text;
        }

        if (Are(end => NumberText.TryParse(end.Literal) is not null))
        {
            return RangeKind.Number;
        }

        if (Are(end => AddressText.TryParse(end.Literal) is not null && !end.Literal.Contains('/', StringComparison.Ordinal)))
        {
            return RangeKind.Address;
        }

        if (Are(end => TryTime(end, out _, out _)))
        {
            return RangeKind.Time;
        }

        bool special = Any(end => NumberText.TryParse(end.Literal) is not null || AddressText.TryParse(end.Literal) is not null
            || TryTime(end, out _, out _));
        return special ? null : RangeKind.Text;

        bool Are(Func<ScannedText, bool> test) => (lower is null || test(lower)) && (upper is null || test(upper));
        bool Any(Func<ScannedText, bool> test) => (lower is not null && test(lower)) || (upper is not null && test(upper));
    }

    private bool TryTime(ScannedText value, out long from, out long to) => TimeText.TryRead(value.Literal, _now, out from, out to);

    private QueryNode? FailTime(ScannedText value) => Fail(
        value.Start, value.Length, "This is no time.", "2026-11-23, 2026-11, 2026-11-23T06:14:25Z, today, yesterday, now-15m or last7d");

    private QueryNode? ParseWords()
    {
        if (Current is '[' or '{' or ']' or '}' or ',' or ':' or '=' or '~' or '<' or '>' or '!')
        {
            return Fail(_at, 1, $"A clause cannot start with \"{Current}\".", ExpectedClause);
        }

        if (ScanText(inList: false, inRange: false) is not { } value)
        {
            return null;
        }

        if (value.IsAnything)
        {
            return AllNode.Instance;
        }

        return Phrase.From([.. value.Parts]) is { } phrase
            ? new WordsNode(null, phrase)
            : Fail(value.Start, value.Length, "There is no word in this.", "a letter or a digit");
    }

    private FieldPath? Resolve(string[] segments, bool firstIsQuoted, int start, int end)
    {
        if (segments.Length > QueryLimits.MaxPathSegments)
        {
            Fail(start, end - start, "The path is too long.", $"at most {QueryLimits.MaxPathSegments} names");
            return null;
        }

        FieldPath? path = FieldCatalogue.Resolve(segments, firstIsQuoted);
        if (path is null)
        {
            Fail(
                start,
                end - start,
                $"There is no field \"{segments[0]}\".",
                "a field such as actor, action, targets.type, data.NAME or labels.NAME; quotes around all of it if it is text");
        }

        return path;
    }

    /// <summary>Names with dots between, each plain or in quotes. The first may not start with a digit, so that 10:30 is text.</summary>
    private bool TryScanPath(out string[] segments, out bool firstIsQuoted)
    {
        var found = new List<string>();
        segments = [];
        firstIsQuoted = Current == '"';
        if (char.IsAsciiDigit(Current))
        {
            return false;
        }

        while (true)
        {
            if (Current == '"')
            {
                if (ScanText(inList: false, inRange: false, inPath: true) is not { } quoted)
                {
                    return false;
                }

                found.Add(quoted.Literal);
            }
            else
            {
                int start = _at;
                while (!AtEnd && (_at == start ? FieldPath.IsSegmentStart(Current) : FieldPath.IsSegmentPart(Current)))
                {
                    _at++;
                }

                if (_at == start)
                {
                    return false;
                }

                found.Add(_text[start.._at]);
            }

            if (Current != '.')
            {
                segments = [.. found];
                return true;
            }

            _at++;
        }
    }

    private string? ScanOperator()
    {
        // Longest first. ":>" and its like are what people bring from other search boxes.
        foreach (string op in (ReadOnlySpan<string>)[":>=", ":<=", ":>", ":<", ">=", "<=", "!=", ">", "<", ":", "=", "~"])
        {
            if (_text.AsSpan(_at).StartsWith(op, StringComparison.Ordinal))
            {
                _at += op.Length;
                return op.Length > 1 && op[0] == ':' ? op[1..] : op;
            }
        }

        return null;
    }

    /// <summary>A quoted text or a bare word. What ends a bare word: white space, a parenthesis, in a list a comma, in a range a
    /// bracket.</summary>
    private ScannedText? ScanText(bool inList, bool inRange, bool inPath = false)
    {
        int start = _at;
        bool quoted = Current == '"';
        bool escaped = false;
        var parts = new List<int>();
        _at += quoted ? 1 : 0;
        while (true)
        {
            if (AtEnd)
            {
                if (quoted)
                {
                    Fail(start, _text.Length - start, "This quote is never closed.", "a closing quote");
                    return null;
                }

                break;
            }

            char c = Current;
            if (quoted ? c == '"' : char.IsWhiteSpace(c) || c is '(' or ')' || (inList && c == ',') || (inRange && c is ']' or '}'))
            {
                break;
            }

            if (!quoted && c == '"')
            {
                Fail(_at, 1, "A quote cannot start inside a word.", "a space before it, or \\\" for the character");
                return null;
            }

            if (c == '\\')
            {
                escaped = true;
                _at++;
                if (AtEnd)
                {
                    Fail(_at - 1, 1, "Nothing follows this backslash.", "the character to take as it is, or \\\\ for a backslash");
                    return null;
                }

                parts.Add(TakeCodePoint());
            }
            else if (!quoted && c is '*' or '?')
            {
                parts.Add(c == '*' ? Glob.Star : Glob.One);
                _at++;
            }
            else
            {
                parts.Add(TakeCodePoint());
            }
        }

        _at += quoted ? 1 : 0;
        return Checked(new ScannedText(start, _at - start, parts, quoted, escaped), inPath);
    }

    private ScannedText? Checked(ScannedText text, bool inPath)
    {
        if (text.Length == 0)
        {
            Fail(_at, AtEnd ? 0 : 1, "A value is missing here.", "a value");
            return null;
        }

        if (text.Wildcards > QueryLimits.MaxWildcards)
        {
            Fail(text.Start, text.Length, "The value has too many wildcards.", $"at most {QueryLimits.MaxWildcards}");
            return null;
        }

        if (text.Quoted && !inPath && !AtEnd && !char.IsWhiteSpace(Current) && Current is not (')' or '(' or ',' or ']' or '}'))
        {
            Fail(_at, 1, "Something is stuck to this quote.", "a space behind it");
            return null;
        }

        return text;
    }

    private int TakeCodePoint()
    {
        int codePoint = char.ConvertToUtf32(_text, _at);
        _at += codePoint > 0xFFFF ? 2 : 1;
        return codePoint;
    }

    private bool TakeComma()
    {
        if (Current != ',')
        {
            return false;
        }

        _at++;
        SkipSpace();
        return true;
    }

    private bool IsKeyword(string keyword)
    {
        int end = _at + keyword.Length;
        return _text.AsSpan(_at).StartsWith(keyword, StringComparison.Ordinal)
            && (end == _text.Length || char.IsWhiteSpace(_text[end]) || _text[end] is '(' or ')' or '"' or ',' or ']' or '}');
    }

    private bool TakeKeyword(string keyword)
    {
        if (!IsKeyword(keyword))
        {
            return false;
        }

        _at += keyword.Length;
        SkipSpace();
        return true;
    }

    private void SkipSpace()
    {
        while (!AtEnd && char.IsWhiteSpace(Current))
        {
            _at++;
        }
    }

    // Returns a node, always null, so that a fault is one expression; the first fault is kept.
    private QueryNode? Fail(int at, int length, string message, string expected)
    {
        _error ??= new QueryError(at, length, message, expected);
        return null;
    }

    private sealed record ScannedText(int Start, int Length, List<int> Parts, bool Quoted, bool Escaped)
    {
        public int Wildcards { get; } = Parts.Count(part => part < 0);

        public bool IsAnything { get; } = Parts.Count > 0 && Parts.TrueForAll(part => part == Glob.Star);

        /// <summary>Quotes or a backslash take a value's other meanings away.</summary>
        public bool IsPlainText => Quoted || Escaped;

        public string Literal { get; } = string.Concat(Parts.Where(part => part >= 0).Select(char.ConvertFromUtf32));
    }
}
