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
}
