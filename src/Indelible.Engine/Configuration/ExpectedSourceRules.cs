using System.Text.Json;
using Indelible.Events;

namespace Indelible.Engine.Configuration;

/// <summary>What an expected source may be, and how it is entered.</summary>
internal static class ExpectedSourceRules
{
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(366);

    /// <summary>What is wrong with an expected source, or null.</summary>
    /// <param name="source">Its texts are untrusted.</param>
    public static string? Fault(ExpectedSource source)
    {
        if (source.Name is not { Length: > 0 and <= EngineLimits.ExpectedSourceName } || source.Name.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('.' or '-' or '_')))
        {
            return $"name: 1 to {EngineLimits.ExpectedSourceName} lower-case letters, digits, dots, hyphens and underscores";
        }

        if (source.Interval < TimeSpan.FromSeconds(1) || source.Interval > s_longest || source.Interval.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            return $"interval: whole seconds, 1 to {(long)s_longest.TotalSeconds}";
        }

        foreach ((string member, string? text) in new[] { ("principal", source.Principal), ("service", source.Service), ("instance", source.Instance) })
        {
            if (text is { Length: 0 or > EventLimits.TechnicalId })
            {
                return $"{member}: 1 to {EventLimits.TechnicalId} characters, or nothing";
            }
        }

        return source is { Principal: null, Service: null, Instance: null } ? "at least one of principal, service and instance says who is meant" : null;
    }

    /// <summary>Writes it as the <c>data</c> of an entry.</summary>
    public static void Write(Utf8JsonWriter data, ExpectedSource source)
    {
        data.WriteString("log", source.Log);
        data.WriteString("name", source.Name);
        data.WriteNumber("interval_s", (long)source.Interval.TotalSeconds);
        foreach ((string member, string? text) in new[] { ("principal", source.Principal), ("service", source.Service), ("instance", source.Instance) })
        {
            if (text is not null)
            {
                data.WriteString(member, text);
            }
        }
    }
}
