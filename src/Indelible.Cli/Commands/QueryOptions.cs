using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Indelible.Client;
using Indelible.Search;

namespace Indelible.Cli.Commands;

/// <summary>How the commands that select entries are told which, and how they tell what is wrong with that.</summary>
internal sealed partial class QueryOptions
{
    private const int WindowOfError = 60;

    private readonly Option<string?> _query = new("--query", "-q") { Description = "Which entries, such as: 'actor:u-8472 outcome:failure time:last7d' (docs/query-language.md)" };
    private readonly Option<string?> _from = new("--from") { Description = "That happened at this time or later: 2026-11-23T06:14:25Z" };
    private readonly Option<string?> _to = new("--to") { Description = "That happened before this time" };
    private readonly Argument<string[]>? _words;

    /// <param name="hasWords">Whether the query may be written without an option as well.</param>
    public QueryOptions(bool hasWords)
    {
        if (hasWords)
        {
            _words = new Argument<string[]>("query") { Description = "Which entries, such as: actor:u-8472 outcome:failure time:last7d (docs/query-language.md)", Arity = ArgumentArity.ZeroOrMore };
            _words.Validators.Add(CommandOptions.RefuseUnknownOptions);
        }
    }

    /// <summary>Gives a command these options.</summary>
    /// <param name="command">The command.</param>
    /// <param name="hasTimes">Whether <c>--from</c> and <c>--to</c> are among them.</param>
    public void AddTo(Command command, bool hasTimes = true)
    {
        if (_words is not null)
        {
            command.Add(_words);
        }

        command.Add(_query);
        if (hasTimes)
        {
            command.Add(_from);
            command.Add(_to);
        }
    }

    /// <summary>The query as it was written.</summary>
    public string TextOf(ParseResult parsed) => string.Join(' ', (string[])[.. (_words is null ? null : parsed.GetValue(_words)) ?? [], .. parsed.GetValue(_query) is { } query ? [query] : Array.Empty<string>()]);

    /// <summary>The parameters of <c>--from</c> and <c>--to</c>, each with an ampersand before it.</summary>
    public string TimesOf(ParseResult parsed) => Parameter("from", parsed.GetValue(_from)) + Parameter("to", parsed.GetValue(_to));

    /// <summary>A parameter of a request, with an ampersand before it; nothing where there is no value.</summary>
    public static string Parameter(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";

    /// <summary>Runs what asks a server; where it refuses the query, shows the place.</summary>
    public static async Task<int> ExplainAsync(string query, Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (ApiException e) when (e.Type == "urn:indelible:invalid-query" && !Query.TryParse(query, TimeProvider.System.GetUtcNow(), out _, out QueryError? error))
        {
            Console.Error.WriteLine(Terminal.Clean($"At character {error.Position + 1}: {error.Message.TrimEnd('.')}; expected {error.Expected}."));
            (string excerpt, int before) = Excerpt(query, error.Position);
            Console.Error.WriteLine("  " + excerpt);
            Console.Error.WriteLine("  " + new string(' ', before) + "^" + new string('~', Math.Max(0, Math.Min(error.Length, excerpt.Length - before) - 1)));
            return ExitCode.Usage;
        }
    }

    /// <summary>Says what relative times were read as, where there are any: what is repeated tomorrow means the same.</summary>
    /// <param name="query">As it was written.</param>
    /// <param name="understood">As the server read it.</param>
    public static void TellTimes(string query, string understood)
    {
        if (RelativeTime().IsMatch(query) && query != understood)
        {
            Console.Error.WriteLine(Terminal.Clean("Read as: " + understood));
        }
    }

    /// <summary>A number for people: 1,234,567.</summary>
    public static string Grouped(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>The part of a query around a place, and how many columns are before it.</summary>
    private static (string Excerpt, int Before) Excerpt(string query, int position)
    {
        int start = position <= WindowOfError ? 0 : position - WindowOfError;
        int end = Math.Min(query.Length, position + WindowOfError);
        string before = (start > 0 ? "…" : "") + Terminal.Clean(query[start..position]);
        return (before + Terminal.Clean(query[position..end]) + (end < query.Length ? "…" : ""), Terminal.WidthOf(before));
    }

    [GeneratedRegex("last[0-9]|now|today|yesterday", RegexOptions.CultureInvariant)]
    private static partial Regex RelativeTime();
}
