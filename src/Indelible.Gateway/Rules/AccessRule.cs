using System.Globalization;
using System.Text.Json.Serialization;

namespace Indelible.Gateway.Rules;

/// <summary>What becomes of requests that a rule matches.</summary>
public enum RuleEffect
{
    /// <summary>They pass.</summary>
    [JsonStringEnumMemberName("allow")]
    Allow,

    /// <summary>They are answered with 403.</summary>
    [JsonStringEnumMemberName("deny")]
    Deny,
}

/// <summary>When the request is recorded.</summary>
public enum RuleRecording
{
    /// <summary>As the settings say of requests that no rule names.</summary>
    [JsonStringEnumMemberName("default")]
    Default,

    /// <summary>Afterwards; while the log is away, events wait.</summary>
    [JsonStringEnumMemberName("after")]
    After,

    /// <summary>Before it is passed on, with the log's receipt; else it is refused.</summary>
    [JsonStringEnumMemberName("first")]
    First,
}

/// <summary>A rule: all of its conditions must hold for it to decide.</summary>
public sealed record AccessRule
{
    /// <summary>Its name, recorded with every decision.</summary>
    public string Name { get; init; } = "";

    /// <summary>Paths: segments with <c>*</c> or <c>{name}</c> for any one and <c>**</c> at the end for all that follow. Letters' case does not count.</summary>
    public string Path { get; init; } = "/**";

    /// <summary>Methods; empty for all.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>Roles of which the caller must have one; empty for all, and for nobody too.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>Whether the caller must be known.</summary>
    public bool SignedIn { get; init; }

    /// <summary>When it holds; null for always.</summary>
    public TimeWindow? When { get; init; }

    /// <summary>What it decides.</summary>
    public RuleEffect Effect { get; init; }

    /// <summary>When such requests are recorded.</summary>
    public RuleRecording Record { get; init; }

    /// <summary>What such requests are called in the log; null for their method.</summary>
    public string? Action { get; init; }
}

/// <summary>Hours of days of the week in a time zone.</summary>
public sealed record TimeWindow
{
    /// <summary>The days on which it begins: <c>mon</c> … <c>sun</c>; empty for all.</summary>
    public IReadOnlyList<string> Days { get; init; } = [];

    /// <summary>From this hour, <c>08:00</c>.</summary>
    public string From { get; init; } = "00:00";

    /// <summary>Until before this hour, <c>18:00</c>; before <see cref="From"/> for one on the next day; <c>24:00</c> for the day's end.</summary>
    public string To { get; init; } = "24:00";

    /// <summary>The zone, as in <c>Europe/Oslo</c>.</summary>
    public string Zone { get; init; } = "UTC";

    /// <summary>Whether a moment lies within.</summary>
    public bool Contains(DateTimeOffset moment)
    {
        DateTimeOffset local = TimeZoneInfo.ConvertTime(moment, TimeZoneInfo.FindSystemTimeZoneById(Zone));
        TimeSpan from = Hour(From);
        TimeSpan to = Hour(To);
        return from < to
            ? IsDay(local.DayOfWeek) && local.TimeOfDay >= from && local.TimeOfDay < to
            : (IsDay(local.DayOfWeek) && local.TimeOfDay >= from) || (IsDay(local.AddDays(-1).DayOfWeek) && local.TimeOfDay < to);
    }

    internal IEnumerable<string> Faults()
    {
        foreach (string day in Days.Where(day => !Enum.GetNames<DayOfWeek>().Any(name => NameOf(name) == day)))
        {
            yield return $"when.days: '{day}' is none of mon, tue, wed, thu, fri, sat, sun";
        }

        foreach ((string member, string hour) in (IEnumerable<(string, string)>)[("from", From), ("to", To)])
        {
            if (hour != "24:00" && !TimeOnly.TryParseExact(hour, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
            {
                yield return $"when.{member}: '{hour}' is no hour like 08:00";
            }
        }

        if (!TimeZoneInfo.TryFindSystemTimeZoneById(Zone, out _))
        {
            yield return $"when.zone: '{Zone}' is no time zone like Europe/Oslo";
        }
    }

    private static TimeSpan Hour(string hour) => hour == "24:00" ? TimeSpan.FromDays(1) : TimeOnly.ParseExact(hour, "HH:mm", CultureInfo.InvariantCulture).ToTimeSpan();

    private static string NameOf(string day) => day[..3].ToLowerInvariant();

    private bool IsDay(DayOfWeek day) => Days.Count == 0 || Days.Contains(NameOf(day.ToString()));
}
