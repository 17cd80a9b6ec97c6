using System.Text.RegularExpressions;

namespace Indelible.AspNetCore;

/// <summary>The form of an action's name, checked where a developer writes it rather than when the first request comes.</summary>
internal static partial class ActionName
{
    private const int Longest = 128;

    public static void ThrowIfNot(string action)
    {
        ArgumentNullException.ThrowIfNull(action);
        if (action.Length > Longest || !Form().IsMatch(action))
        {
            throw new ArgumentException($"'{action}' is no name of an action: up to eight lower-case words joined by '.', '_' or '-', as in invoice.refund.", nameof(action));
        }
    }

    [GeneratedRegex(@"^[a-z0-9]+([._-][a-z0-9]+){0,7}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
