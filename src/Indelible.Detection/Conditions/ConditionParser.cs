using YamlDotNet.Core;

namespace Indelible.Detection;

/// <summary>Reads the condition of a rule (Sigma 2.1, <c>condition</c>): names of selections, <c>and</c>, <c>or</c>, <c>not</c>, <c>1 of</c>, <c>all of</c>, parentheses.</summary>
/// <remarks><c>or</c> binds least, then <c>and</c>, then <c>not</c>. Words of the language are told from names without regard to case; names are exact.</remarks>
/// <param name="selections">The selections by name, in their order.</param>
/// <param name="place">Where the condition stands.</param>
internal sealed class ConditionParser(IReadOnlyList<(string Name, RuleNode Node)> selections, Mark place)
{
    private readonly List<string> _tokens = [];
    private int _next;
    private int _depth;
    private int _named;

    /// <summary>Reads conditions, of which one has to hold.</summary>
    /// <exception cref="RuleFaultException">One is wrong, names no selection, or has an aggregation of the time before correlations.</exception>
    public RuleNode Parse(IEnumerable<string> conditions) => RuleNode.Any([.. conditions.Select(Parse)]);

    private RuleNode Parse(string condition)
    {
        _tokens.Clear();
        _next = 0;
        if (condition.Length > DetectionLimits.ConditionCharacters)
        {
            throw Fault($"The condition has {condition.Length} characters; at most {DetectionLimits.ConditionCharacters} are read");
        }

        Split(condition);
        RuleNode node = Or();
        return _next == _tokens.Count ? node : throw Unexpected("and, or, or the end");
    }

    private void Split(string condition)
    {
        int at = 0;
        while (at < condition.Length)
        {
            char c = condition[at];
            int end = at + 1;
            if (c == '|')
            {
                throw Fault("Aggregations in a condition (|) are no part of Sigma any more: write a correlation");
            }

            if (c is not ('(' or ')') && !char.IsWhiteSpace(c))
            {
                while (end < condition.Length && condition[end] is not ('(' or ')' or '|') && !char.IsWhiteSpace(condition[end]))
                {
                    end++;
                }
            }

            if (!char.IsWhiteSpace(c))
            {
                _tokens.Add(condition[at..end]);
            }

            at = end;
        }
    }

    private RuleNode Or()
    {
        var nodes = new List<RuleNode> { And() };
        while (Take("or"))
        {
            nodes.Add(And());
        }

        return RuleNode.Any(nodes);
    }

    private RuleNode And()
    {
        var nodes = new List<RuleNode> { Not() };
        while (Take("and"))
        {
            nodes.Add(Not());
        }

        return RuleNode.All(nodes);
    }

    private RuleNode Not()
    {
        if (++_depth > DetectionLimits.ConditionDepth)
        {
            throw Fault($"The condition has more than {DetectionLimits.ConditionDepth} parentheses and negations in each other");
        }

        RuleNode node = Take("not") ? new NotNode(Not()) : Single();
        _depth--;
        return node;
    }

    private RuleNode Single()
    {
        if (Take("("))
        {
            RuleNode inner = Or();
            return Take(")") ? inner : throw Unexpected("a closing parenthesis");
        }

        string name = _next < _tokens.Count ? _tokens[_next] : throw Unexpected("the name of a selection");
        if (IsWord(name, "1", "any", "all") && _next + 1 < _tokens.Count && IsWord(_tokens[_next + 1], "of"))
        {
            _next += 2;
            return Of(isAll: IsWord(name, "all"));
        }

        if (IsWord(name, "and", "or", "of", ")"))
        {
            throw Unexpected("the name of a selection");
        }

        _next++;
        int found = selections.ToList().FindIndex(selection => selection.Name == name);
        Name(1);
        return found >= 0 ? selections[found].Node : throw Fault($"The condition names {name}, and there is no selection of that name");
    }

    private RuleNode Of(bool isAll)
    {
        string pattern = _next < _tokens.Count && !IsWord(_tokens[_next], "(", ")") ? _tokens[_next++] : throw Unexpected("them, or a pattern of names as selection_*");
        RuleNode[] meant = [.. selections.Where(selection => IsWord(pattern, "them") ? !selection.Name.StartsWith('_') : Fits(selection.Name, pattern)).Select(selection => selection.Node)];
        Name(meant.Length);
        return meant.Length == 0
            ? throw Fault($"The condition names {pattern}, and no selection has such a name")
            : isAll ? RuleNode.All(meant) : RuleNode.Any(meant);
    }

    /// <summary>Counts selections that are named: each comes to a test at least, and a short condition that names all of them very often must not make a tree of gigabytes.</summary>
    private void Name(int count)
    {
        _named += count;
        if (_named > DetectionLimits.RuleTests)
        {
            throw Fault($"The condition names selections more than {DetectionLimits.RuleTests} times");
        }
    }

    private static bool Fits(string name, string pattern)
    {
        string[] pieces = pattern.Split('*');
        if (pieces.Length == 1)
        {
            return name == pattern;
        }

        int at = pieces[0].Length;
        if (!name.StartsWith(pieces[0], StringComparison.Ordinal) || !name.EndsWith(pieces[^1], StringComparison.Ordinal) || name.Length < at + pieces[^1].Length)
        {
            return false;
        }

        foreach (string piece in pieces[1..^1])
        {
            int found = name[..^pieces[^1].Length].IndexOf(piece, at, StringComparison.Ordinal);
            if (found < 0)
            {
                return false;
            }

            at = found + piece.Length;
        }

        return true;
    }

    private bool Take(string word)
    {
        bool isNext = _next < _tokens.Count && IsWord(_tokens[_next], word);
        _next += isNext ? 1 : 0;
        return isNext;
    }

    private static bool IsWord(string token, params ReadOnlySpan<string> words)
    {
        foreach (string word in words)
        {
            if (string.Equals(token, word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private RuleFaultException Unexpected(string wanted) =>
        Fault(_next < _tokens.Count ? $"The condition has {_tokens[_next]} where {wanted} was expected" : $"The condition ends where {wanted} was expected");

    private RuleFaultException Fault(string reason) => new(place, reason + ".");
}
