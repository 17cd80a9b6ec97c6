using System.Globalization;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary>Reads parameters of the query string, refusing what is no value for them.</summary>
internal static class QueryFlag
{
    /// <summary>A flag: absent or <c>false</c>, or <c>true</c>.</summary>
    public static bool Read(HttpContext context, string name) => context.Request.Query[name].ToString() switch
    {
        "" or "false" => false,
        "true" => true,
        _ => throw new ProblemException(Problem.InvalidParameter(name, "true or false")),
    };

    /// <summary>A whole number, not negative, or null where it is absent.</summary>
    public static long? ReadNumber(HttpContext context, string name)
    {
        string text = context.Request.Query[name].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw new ProblemException(Problem.InvalidParameter(name, "a whole number, 0 or greater"));
    }

    /// <summary>A length of time as the query language writes it, such as <c>90s</c>, <c>10m</c>, <c>2h</c>, <c>7d</c>, <c>1w</c>; null where it is absent.</summary>
    public static TimeSpan? ReadDuration(HttpContext context, string name)
    {
        string text = context.Request.Query[name].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        int seconds = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, 'w' => 604_800, _ => 0 };
        return seconds > 0 && text.Length <= 7 && int.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0
            ? TimeSpan.FromSeconds((long)count * seconds)
            : throw new ProblemException(Problem.InvalidParameter(name, "a length of time such as 90s, 10m, 2h, 7d or 1w"));
    }

    /// <summary>The size that an answer is to cover: what is durable now, where the request does not say.</summary>
    /// <param name="context">The request.</param>
    /// <param name="size">What is durable now.</param>
    public static long ReadAsOf(HttpContext context, long size)
    {
        long asOf = ReadNumber(context, "as_of") ?? size;
        return asOf <= size ? asOf : throw new ProblemException(Problem.InvalidParameter("as_of", $"a size that is durable: at most {size}"));
    }
}
