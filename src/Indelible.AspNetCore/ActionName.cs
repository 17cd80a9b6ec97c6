using System.Text.RegularExpressions;

namespace Indelible.AspNetCore;

/// <summary>The form of an action's name, checked where a developer writes it rather than when the first request comes.</summary>
internal static partial class ActionName
{
    private const int Longest = 128;
    private const int LongestType = 64;

    public static void ThrowIfNot(string action)
    {
        ArgumentNullException.ThrowIfNull(action);
        if (action.Length > Longest || !Form().IsMatch(action))
        {
            throw new ArgumentException($"'{action}' is no name of an action: up to eight lower-case words joined by '.', '_' or '-', as in invoice.refund.", nameof(action));
        }
    }

    /// <summary>The same for what sort of thing an action is done to.</summary>
    public static void ThrowIfNoType(string type)
    {
        if (type.Length > LongestType || !TypeForm().IsMatch(type))
        {
            throw new ArgumentException($"'{type}' is no name for a target: lower-case words as in patient_record, at most {LongestType} characters.", nameof(type));
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9_]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex TypeForm();

    [GeneratedRegex(@"^[a-z0-9]+([._-][a-z0-9]+){0,7}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
