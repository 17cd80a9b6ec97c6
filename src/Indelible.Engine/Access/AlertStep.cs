using System.Text.Json;
using Indelible.Engine.Configuration;

namespace Indelible.Engine.Access;

/// <summary>What somebody does with an alert.</summary>
public enum AlertStep
{
    /// <summary>He has seen it.</summary>
    Acknowledge,

    /// <summary>It is somebody's from here on.</summary>
    Assign,

    /// <summary>He says something about it.</summary>
    Comment,

    /// <summary>It is over.</summary>
    Close,

    /// <summary>It is not over.</summary>
    Reopen,

    /// <summary>Alerts like it are to be told to nobody for some time.</summary>
    Suppress,

    /// <summary>They are told again.</summary>
    Unsuppress,
}

/// <summary>The words for <see cref="AlertStep"/> in entries and paths.</summary>
public static class AlertSteps
{
    private const string Prefix = "indelible.alert.";

    /// <summary>Whether an entry of <c>_alerts</c> with this action is an alert: a rule found something, a verification did, or somebody broke the glass.</summary>
    public static bool IsAlert(string action) => action is SystemActions.Alert or SystemActions.Verification or SystemActions.BreakGlass;

    /// <summary>The action of entries about a step.</summary>
    public static string ActionOf(AlertStep step) => Prefix + WordOf(step);

    /// <summary>A step's word.</summary>
    public static string WordOf(AlertStep step) => step.ToString().ToLowerInvariant();

    /// <summary>Reads an action.</summary>
    /// <returns>The step, or null.</returns>
    public static AlertStep? OfAction(string? action) => action is not null && action.StartsWith(Prefix, StringComparison.Ordinal) ? OfWord(action[Prefix.Length..]) : null;

    /// <summary>Reads a word.</summary>
    /// <param name="word">Untrusted.</param>
    /// <returns>The step, or null.</returns>
    public static AlertStep? OfWord(string? word) => Enum.GetValues<AlertStep>().Where(step => WordOf(step) == word).Select(step => (AlertStep?)step).FirstOrDefault();
}

/// <summary>A step in an alert's life; an entry of <c>_alerts</c>.</summary>
/// <param name="Step">What is done.</param>
/// <param name="Target">With what: an alert, or a rule.</param>
/// <param name="Data">Writes the rest: members of an object.</param>
public sealed record AlertStepNote(AlertStep Step, (string Type, string Id) Target, Action<Utf8JsonWriter> Data)
{
    /// <summary>The tenant that it is about; null for the node.</summary>
    public string? Tenant { get; init; }

    /// <summary>Why, or what else there is to say, in the caller's words; at most 1,024 characters.</summary>
    public string? Text { get; init; }
}
