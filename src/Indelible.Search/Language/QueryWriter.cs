using System.Text;

namespace Indelible.Search;

/// <summary>Writes a tree as canonical query text, and as words for people.</summary>
internal static class QueryWriter
{
    public static string Write(QueryNode node)
    {
        var text = new StringBuilder();
        Write(text, node);
        return text.ToString();
    }

    public static string Explain(QueryNode node)
    {
        var text = new StringBuilder();
        Explain(text, node, 0);
        return text.ToString();
    }

    private static void Write(StringBuilder text, QueryNode node)
    {
        switch (node)
        {
            case AllNode:
                text.Append('*');
                break;
            case AndNode and:
                Join(text, and.Children, " ", child => child is OrNode);
                break;
            case OrNode or:
                // AND binds tighter, so its children need no parentheses here.
                Join(text, or.Children, " OR ", _ => false);
                break;
            case NotNode not:
                text.Append('-');
                WriteChild(text, not.Child, not.Child is AndNode or OrNode);
                break;
            case ClauseNode clause:
                WriteClause(text, clause);
                break;
        }
    }

    private static void Join(StringBuilder text, QueryNode[] children, string separator, Func<QueryNode, bool> needsParentheses)
    {
        for (int i = 0; i < children.Length; i++)
        {
            text.Append(i == 0 ? "" : separator);
            WriteChild(text, children[i], needsParentheses(children[i]));
        }
    }

    private static void WriteChild(StringBuilder text, QueryNode child, bool parentheses)
    {
        text.Append(parentheses ? "(" : "");
        Write(text, child);
        text.Append(parentheses ? ")" : "");
    }

    private static void WriteClause(StringBuilder text, ClauseNode clause)
    {
        FieldKind kind = clause.Path is null ? FieldKind.Text : FieldCatalogue.KindOf(clause.Path);
        switch (clause)
        {
            case ExistsNode:
                text.Append("exists(").Append(clause.Path).Append(')');
                break;
            case WordsNode words:
                bool byDefault = kind == FieldKind.Text || (kind == FieldKind.Free && !words.Phrase.HasWildcards);
                text.Append(clause.Path).Append(clause.Path is null ? "" : byDefault ? ":" : "~").Append(words.Phrase);
                break;
            case EqualsNode equals:
                text.Append(clause.Path).Append(kind == FieldKind.Exact ? ':' : '=');
                bool bare = equals.Literal.IsTyped || IsBare(equals.Literal.Text, kind);
                text.Append(bare ? equals.Literal.Text : QuotedText.Of(equals.Literal.Text));
                break;
            case LikeNode like:
                text.Append(clause.Path).Append(kind is FieldKind.Exact or FieldKind.Free ? ':' : '=').Append(like.Glob.ToBareText());
                break;
            case RangeNode range:
                text.Append(clause.Path);
                WriteRange(text, range.Range);
                break;
            case PassesNode:
                // No text of the language: nobody could read such a test back.
                text.Append(clause.Path).Append(":<test>");
                break;
        }
    }

    private static void WriteRange(StringBuilder text, ValueRange range)
    {
        if (range.Lower is { } lower && range.Upper is { } upper)
        {
            text.Append(lower.Inclusive ? ":[" : ":{").Append(End(range, lower));
            text.Append(" TO ").Append(End(range, upper)).Append(upper.Inclusive ? ']' : '}');
        }
        else if (range.Lower is { } only)
        {
            text.Append(only.Inclusive ? ">=" : ">").Append(End(range, only));
        }
        else
        {
            text.Append(range.Upper!.Inclusive ? "<=" : "<").Append(End(range, range.Upper));
        }
    }

    private static string End(ValueRange range, RangeEnd end) => range.Kind == RangeKind.Text ? QuotedText.Of(end.Text) : end.Text;

    /// <summary>Whether a text may stand without quotes and still be only that text.</summary>
    private static bool IsBare(string text, FieldKind kind)
    {
        // On a time field, and where the text could be a number or the like, quotes are what makes it text.
        if (text.Length == 0 || kind == FieldKind.Time || new Literal(text, quoted: false).IsTyped)
        {
            return false;
        }

        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"._-/@:+".Contains(c, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    private static void Explain(StringBuilder text, QueryNode node, int depth)
    {
        if (depth > 0)
        {
            text.Append('\n').Append(' ', 2 * depth);
        }

        switch (node)
        {
            case AllNode:
                text.Append("every entry");
                break;
            case AndNode and:
                ExplainAll(text, "all of:", and.Children, depth);
                break;
            case OrNode or:
                ExplainAll(text, "any of:", or.Children, depth);
                break;
            case NotNode not:
                ExplainAll(text, "not:", [not.Child], depth);
                break;
            case ClauseNode clause:
                text.Append(InWords(clause));
                break;
        }
    }

    private static void ExplainAll(StringBuilder text, string title, QueryNode[] children, int depth)
    {
        text.Append(title);
        foreach (QueryNode child in children)
        {
            Explain(text, child, depth + 1);
        }
    }

    private static string InWords(ClauseNode clause) => clause switch
    {
        ExistsNode => $"{clause.Path} exists",
        WordsNode words => $"{clause.Path?.ToString() ?? "any text"} has the words {words.Phrase}",
        EqualsNode { Literal.IsNetwork: true } equals => $"{clause.Path} is an address in {equals.Literal.Text}",
        EqualsNode { Literal.IsTyped: true } equals => $"{clause.Path} is {equals.Literal.Text}",
        EqualsNode equals => $"{clause.Path} is {QuotedText.Of(equals.Literal.Text)}",
        LikeNode like => $"{clause.Path} looks like {like.Glob}",
        RangeNode range => RangeInWords(clause, range.Range),
        PassesNode => $"{clause.Path} passes a test",
        _ => "",
    };

    private static string RangeInWords(ClauseNode clause, ValueRange range)
    {
        var text = new StringBuilder($"{clause.Path}, as {Name(range.Kind)}, is");
        if (range.Lower is { } lower)
        {
            text.Append(lower.Inclusive ? " at least " : " above ").Append(End(range, lower));
        }

        if (range.Upper is { } upper)
        {
            text.Append(range.Lower is null ? "" : " and").Append(upper.Inclusive ? " at most " : " below ").Append(End(range, upper));
        }

        return text.ToString();
    }

    public static string Name(RangeKind kind) => kind switch
    {
        RangeKind.Number => "number",
        RangeKind.Time => "time",
        RangeKind.Address => "address",
        _ => "text",
    };
}
