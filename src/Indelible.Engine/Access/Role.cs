using Indelible.Engine.Configuration;

namespace Indelible.Engine.Access;

/// <summary>What somebody is to a log, separated by duty: nobody who writes can read back, nobody who administers reads by it.</summary>
public enum Role
{
    /// <summary>Appends, and sees for itself that the log keeps what it promised; cannot read, not even its own entries.</summary>
    Writer,

    /// <summary>Reads, follows, exports and verifies.</summary>
    Reader,

    /// <summary>Reads and follows; changes rules and works on alerts.</summary>
    Analyst,

    /// <summary>Reads, verifies, exports evidence, and sees the configuration and its history.</summary>
    Auditor,

    /// <summary>Reads personal data, erases it, holds and releases.</summary>
    PrivacyOfficer,

    /// <summary>Changes the configuration; does not read entries unless somebody grants it, which is an entry.</summary>
    Administrator,

    /// <summary>Rotates the keys that sign.</summary>
    Custodian,
}

/// <summary>What each <see cref="Role"/> may do.</summary>
public static class Roles
{
    private static readonly (Role Role, string Word)[] s_words =
        [.. Enum.GetValues<Role>().Select(role => (role, role == Role.PrivacyOfficer ? "privacy_officer" : role.ToString().ToLowerInvariant()))];

    /// <summary>Every role's word.</summary>
    public static IReadOnlyList<string> Words { get; } = [.. s_words.Select(item => item.Word)];

    /// <summary>A role's rights.</summary>
    public static Rights RightsOf(Role role) => role switch
    {
        Role.Writer => Rights.Append | Rights.Verify,
        Role.Reader => Rights.Read | Rights.Tail | Rights.Export | Rights.Verify,
        Role.Analyst => Rights.Read | Rights.Tail | Rights.Verify | Rights.Rules | Rights.Alerts,
        Role.Auditor => Rights.Read | Rights.Export | Rights.Verify | Rights.Inspect,
        Role.PrivacyOfficer => Rights.Read | Rights.Verify | Rights.Privacy,
        Role.Administrator => Rights.Admin | Rights.Inspect,
        Role.Custodian => Rights.Custody,
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };

    /// <summary>What a role sees of personal values where its grant does not say. An auditor asks for each, with a reason.</summary>
    public static PersonalView PersonalOf(Role role) => role switch
    {
        Role.Reader or Role.PrivacyOfficer => PersonalView.Shown,
        Role.Analyst or Role.Auditor => PersonalView.OnRequest,
        _ => PersonalView.Hidden,
    };

    /// <summary>The kind of key that a role is exercised with: a key does only what its kind does, whatever its principal may.</summary>
    public static KeyKind KindOf(Role role) => role switch
    {
        Role.Writer => KeyKind.Writer,
        Role.Administrator or Role.Custodian => KeyKind.Admin,
        _ => KeyKind.Reader,
    };

    /// <summary>What keys of a kind can do at most.</summary>
    public static Rights MostOf(KeyKind kind) => kind switch
    {
        KeyKind.Writer => Rights.Append | Rights.Verify,
        KeyKind.Admin => Rights.Admin | Rights.Inspect | Rights.Custody,
        _ => Rights.Read | Rights.Tail | Rights.Export | Rights.Verify | Rights.Rules | Rights.Alerts | Rights.Privacy | Rights.Inspect,
    };

    /// <summary>The role of a key that carries its own grant and does not name one.</summary>
    public static Role Of(KeyKind kind) => kind switch
    {
        KeyKind.Writer => Role.Writer,
        KeyKind.Admin => Role.Administrator,
        _ => Role.Reader,
    };

    /// <summary>A role's word.</summary>
    public static string WordOf(Role role) => s_words.First(item => item.Role == role).Word;

    /// <summary>Reads a role's word.</summary>
    /// <param name="word">Untrusted.</param>
    /// <returns>The role, or null.</returns>
    public static Role? Parse(string? word) => s_words.Where(item => item.Word == word).Select(item => (Role?)item.Role).FirstOrDefault();
}
