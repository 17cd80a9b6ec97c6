namespace Indelible.Events;

/// <summary>The closed lists of words of the schema, in the order of the enumerations that name them for producers.</summary>
internal static class EventWords
{
    public static readonly string[] Kinds = ["event", "intent", "outcome", "correction", "annotation", "heartbeat", "lifecycle"];

    public static readonly string[] Categories =
    [
        "authentication", "authorization", "data_access", "data_change", "identity_admin", "config", "session", "file", "system", "audit",
        "application",
    ];

    public static readonly string[] Operations =
    [
        "create", "read", "update", "delete", "list", "search", "execute", "login", "logout", "grant", "revoke", "approve", "reject",
        "export", "import", "share", "move", "enable", "disable", "connect", "other",
    ];

    public static readonly string[] Outcomes = ["success", "failure", "unknown"];

    public static readonly string[] DecisionEffects = ["allow", "deny", "challenge", "not_evaluated"];

    public static readonly string[] ActorTypes = ["user", "service", "system", "ai_agent", "anonymous", "unknown"];

    public static readonly string[] Classifications = ["public", "internal", "confidential", "restricted", "pii", "phi", "pci"];

    public static readonly string[] ChangeOperations = ["add", "remove", "replace"];
}
