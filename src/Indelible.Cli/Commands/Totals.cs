using System.Text.Json;

namespace Indelible.Cli.Commands;

/// <summary>How many, and what qualifies it, as the commands print it.</summary>
internal static class Totals
{
    /// <summary>A total with its noun: <c>3 entries</c>, <c>at least 3 entries</c>.</summary>
    public static string Of(JsonElement total)
    {
        long value = total.GetProperty("value").GetInt64();
        bool isExact = total.GetProperty("exact").GetBoolean();
        return $"{(isExact ? "" : "at least ")}{value} {(value == 1 && isExact ? "entry" : "entries")}";
    }

    /// <summary>Writes what qualifies an answer to standard error, where it disturbs nobody who reads the results.</summary>
    public static void WriteRest(JsonElement answer)
    {
        foreach (JsonElement notice in answer.GetProperty("notices").EnumerateArray())
        {
            Console.Error.WriteLine(Terminal.Clean("Note: " + notice.GetString()));
        }

        Console.Error.WriteLine(Terminal.Clean($"As of size {answer.GetProperty("as_of")}."));
    }
}
