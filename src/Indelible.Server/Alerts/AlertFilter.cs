using Indelible.Detection;
using Indelible.Events;
using Indelible.Server.Problems;

namespace Indelible.Server.Alerts;

/// <summary>Which alerts a request asks for.</summary>
internal sealed class AlertFilter
{
    private readonly HashSet<AlertState> _states;
    private readonly HashSet<RuleLevel> _levels;
    private readonly string _rule;
    private readonly string _log;
    private readonly string _assignee;
    private readonly DateTimeOffset _from;
    private readonly DateTimeOffset _to;

    private AlertFilter(IQueryCollection query)
    {
        _states = WordsOf<AlertState>(query, "state");
        _levels = WordsOf<RuleLevel>(query, "severity");
        (_rule, _log, _assignee) = (query["rule"].ToString(), query["log"].ToString(), query["assignee"].ToString());
        _from = TimeOf(query, "from", DateTimeOffset.MinValue);
        _to = TimeOf(query, "to", DateTimeOffset.MaxValue);
    }

    /// <summary>Reads the parameters of a request.</summary>
    /// <exception cref="ProblemException">400: one is no value for what it is.</exception>
    public static AlertFilter Read(HttpContext context) => new(context.Request.Query);

    /// <summary>Whether an alert is asked for, however it stands.</summary>
    public bool Matches(Alert alert) => (_levels.Count == 0 || _levels.Contains(alert.Severity)) && (_rule.Length == 0 || _rule == alert.Rule) && (_log.Length == 0 || _log == alert.Log)
        && (_assignee.Length == 0 || _assignee == alert.Assignee) && alert.LastRaised >= _from && alert.Raised < _to;

    /// <summary>Whether it stands as asked for.</summary>
    public bool HasState(Alert alert) => _states.Count == 0 || _states.Contains(alert.State);

    private static HashSet<T> WordsOf<T>(IQueryCollection query, string name)
        where T : struct, Enum
    {
        var words = new HashSet<T>();
        foreach (string word in query[name].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            words.Add(char.IsAsciiLetterLower(word[0]) && Enum.TryParse(word, ignoreCase: true, out T value)
                ? value
                : throw new ProblemException(Problem.InvalidParameter(name, $"some of {string.Join(", ", Enum.GetNames<T>().Select(one => one.ToLowerInvariant()))}, with commas between")));
        }

        return words;
    }

    private static DateTimeOffset TimeOf(IQueryCollection query, string name, DateTimeOffset otherwise)
    {
        string text = query[name].ToString();
        return text.Length == 0 ? otherwise
            : Instant.TryParse(text, out DateTimeOffset time) ? time
            : throw new ProblemException(Problem.InvalidParameter(name, "an instant in UTC: 2026-03-03T12:00:00Z"));
    }
}
