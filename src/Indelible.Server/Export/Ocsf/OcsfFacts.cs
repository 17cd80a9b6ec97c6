using System.Text.Json;

namespace Indelible.Server.Export.Ocsf;

/// <summary>What of an event decides its class and activity.</summary>
/// <param name="Category">Its category, <c>application</c> where it says none.</param>
/// <param name="Operation">Its operation, <c>other</c> where it says none.</param>
/// <param name="Action">Its action.</param>
/// <param name="TargetTypes">The types of its targets.</param>
/// <param name="IsOnBehalf">Whether the actor acts for somebody else.</param>
internal sealed record OcsfFacts(string Category, string Operation, string Action, IReadOnlyList<string> TargetTypes, bool IsOnBehalf)
{
    private static readonly string[] s_users = ["user", "account", "person", "principal", "identity", "member", "employee", "staff", "customer", "patient"];
    private static readonly string[] s_credentials = ["credential", "key", "token", "secret", "certificate"];

    /// <summary>Whether a user is among the targets.</summary>
    public bool HasUser => TargetTypes.Any(IsUser);

    /// <summary>Whether a role is among the targets.</summary>
    public bool HasRole => TargetTypes.Any(IsRole);

    /// <summary>Whether a group is among the targets.</summary>
    public bool HasGroup => TargetTypes.Any(IsGroup);

    /// <summary>Whether something that authenticates is among the targets.</summary>
    public bool HasCredential => TargetTypes.Any(IsCredential);

    /// <summary>The last word of the action.</summary>
    public string LastWord => Action[(Action.LastIndexOfAny(['.', '_', '-']) + 1)..];

    /// <summary>The facts of an event.</summary>
    public static OcsfFacts Of(JsonElement entry) => new(
        Text(entry, "category") ?? "application",
        Text(entry, "operation") ?? "other",
        Text(entry, "action")!,
        entry.TryGetProperty("targets", out JsonElement targets) ? [.. targets.EnumerateArray().Select(target => Text(target, "type")!)] : [],
        entry.GetProperty("actor").TryGetProperty("on_behalf_of", out _));

    /// <summary>Whether a type of target is a user.</summary>
    public static bool IsUser(string type) => type.Split('_').Any(s_users.Contains) && !IsCredential(type);

    /// <summary>Whether it is a role.</summary>
    public static bool IsRole(string type) => type.Split('_').Contains("role");

    /// <summary>Whether it is a group.</summary>
    public static bool IsGroup(string type) => type.Split('_').Any(word => word is "group" or "team");

    /// <summary>Whether it authenticates somebody.</summary>
    public static bool IsCredential(string type) => s_credentials.Contains(type.Split('_')[^1]);

    /// <summary>Whether a word is in the action.</summary>
    public bool Names(string word) => Action.Split('.', '_', '-').Contains(word);

    private static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
