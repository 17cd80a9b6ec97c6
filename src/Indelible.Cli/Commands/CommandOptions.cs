using System.CommandLine;
using System.Text.Json;
using Indelible.Cli.Tables;
using Indelible.Client;
using Indelible.Server.Secrets;

namespace Indelible.Cli.Commands;

/// <summary>The options that several commands share, and what becomes of failures.</summary>
internal static class CommandOptions
{
    public const string DefaultUrl = "http://127.0.0.1:7480";

    public static Option<bool> Json() => new("--json") { Description = "Print JSON" };

    public static Option<string> Url() => new("--url")
    {
        Description = "The server (INDELIBLE_URL)",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("INDELIBLE_URL") is { Length: > 0 } url ? url : DefaultUrl,
    };

    public static Option<string?> Key() => new("--key")
    {
        Description = "The key or token to show, or where it is: env:NAME, file:PATH, command:/PROGRAM ARGUMENTS (INDELIBLE_KEY); these and the variable keep it out of the process list",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("INDELIBLE_KEY"),
    };

    /// <summary>The key itself, wherever it was said to be.</summary>
    /// <exception cref="SecretNotFoundException">It is not there.</exception>
    public static string? KeyOf(ParseResult parsed, Option<string?> key) => parsed.GetValue(key) is { } text ? Resolved("--key", text) : null;

    /// <summary>A secret, wherever it was said to be.</summary>
    /// <exception cref="SecretNotFoundException">It is not there; the message begins with the option.</exception>
    public static string Resolved(string option, string text)
    {
        try
        {
            return SecretReference.Resolve(text);
        }
        catch (SecretNotFoundException e)
        {
            throw new SecretNotFoundException($"{option}: {e.Message}");
        }
    }

    public static Option<string> Data() => new("--data")
    {
        Description = "The data folder (INDELIBLE_DATA)",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("INDELIBLE_DATA") is { Length: > 0 } data ? data : "./data",
    };

    public static Option<string> Log() => new("--log") { Description = "The log", DefaultValueFactory = _ => "main" };

    public static Option<string?> Columns() => new("--columns") { Description = "Which columns: index, time, outcome, actor, action, target, service, source, says, or fields as in a query (data.order.total), with commas between" };

    public static Option<bool> Wide() => new("--wide") { Description = "Cut nothing, however long the lines get" };

    /// <summary>Reads <see cref="Columns"/>.</summary>
    public static bool TryReadColumns(string? text, out IReadOnlyList<EntryColumn> columns, out string? fault)
    {
        columns = EntryColumn.Default;
        fault = null;
        return text is null || EntryColumn.TryParse(text, out columns, out fault);
    }

    /// <summary>How many match, of an answer that may not have looked at everything.</summary>
    public static string TotalOf(JsonElement answer)
    {
        JsonElement total = answer.GetProperty("total");
        return total.GetProperty("exact").GetBoolean() ? $"{total.GetProperty("value")}" : $"at least {total.GetProperty("value")}";
    }

    /// <summary>A clause may begin with one hyphen, to be excluded; a word that begins with two is a mistyped option.</summary>
    public static void RefuseUnknownOptions(System.CommandLine.Parsing.ArgumentResult words)
    {
        foreach (System.CommandLine.Parsing.Token word in words.Tokens.Where(word => word.Value.StartsWith("--", StringComparison.Ordinal)))
        {
            words.AddError($"There is no option {word.Value} here.");
        }
    }

    /// <summary>Runs a command that talks to a server, and turns refusals into messages and exit codes.</summary>
    public static async Task<int> WithServerAsync(ParseResult parsed, Option<string> url, Option<string?> key, Func<ApiClient, Task<int>> run)
    {
        if (!Uri.TryCreate(parsed.GetValue(url), UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
        {
            return Fail($"--url: '{parsed.GetValue(url)}' is no URL like {DefaultUrl}.");
        }

        using var api = new ApiClient(address, KeyOf(parsed, key));
        try
        {
            return await run(api);
        }
        catch (ApiException e)
        {
            Console.Error.WriteLine(Terminal.Clean(e.Message));
            return e.Status is 0 or >= 500 ? ExitCode.CouldNotTell : ExitCode.Usage;
        }
        catch (IOException e)
        {
            return Fail(e.Message);
        }
    }

    /// <summary>Says what is wrong with the usage or the input.</summary>
    /// <param name="message">In one line.</param>
    /// <param name="details">What it is about, each in a line of its own.</param>
    public static int Fail(string message, params IEnumerable<string> details)
    {
        Console.Error.WriteLine(Terminal.Clean(message));
        foreach (string detail in details)
        {
            Console.Error.WriteLine("  " + Terminal.Clean(detail));
        }

        return ExitCode.Usage;
    }
}
