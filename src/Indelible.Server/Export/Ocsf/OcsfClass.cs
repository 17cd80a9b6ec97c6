namespace Indelible.Server.Export.Ocsf;

/// <summary>A class of OCSF events, and what was done in its words.</summary>
/// <param name="Uid">The class's number; its thousands are the category's.</param>
/// <param name="Name">The class's name.</param>
/// <param name="Activity">What was done: the class's own number, 99 for anything else.</param>
/// <param name="ActivityName">Its name; ours where it is 99.</param>
internal sealed record OcsfClass(int Uid, string Name, int Activity, string ActivityName)
{
    public const int Authentication = 3002;
    public const int AuthorizeSession = 3003;
    public const int EntityManagement = 3004;
    public const int GroupManagement = 3006;
    public const int UserManagement = 3007;
    public const int RoleManagement = 3008;
    public const int WebResources = 6001;
    public const int ApiActivity = 6003;

    private const int Other = 99;

    /// <summary>The category's number.</summary>
    public int Category => Uid / 1000;

    /// <summary>The category's name.</summary>
    public string CategoryName => Category == 3 ? "Identity & Access Management" : "Application Activity";

    /// <summary>The class and what was done, as one number.</summary>
    public long TypeUid => (Uid * 100L) + Activity;

    /// <summary>Whether it is one of the classes about identities and what they may do.</summary>
    public bool IsIdentity => Category == 3;

    /// <summary>The class of an event.</summary>
    public static OcsfClass Of(OcsfFacts facts) => facts switch
    {
        { Operation: "login" or "logout" } or { Category: "authentication" } => Make(Authentication, "Authentication", AuthenticationOf(facts), facts),
        { Category: "session", Operation: "grant" } => Make(AuthorizeSession, "Authorize Session", facts.HasGroup ? (2, "Assign Groups") : facts.HasRole ? (3, "Assign Roles") : (1, "Assign Privileges"), facts),
        { Category: "identity_admin", HasGroup: true } => Make(GroupManagement, "Group Management", GroupOf(facts), facts),
        { Category: "identity_admin", HasRole: true, HasUser: false } => Make(RoleManagement, "Role Management", RoleOf(facts), facts),
        { Category: "identity_admin" } => Make(UserManagement, "User Management", UserOf(facts), facts),
        { Category: "config" } => Make(EntityManagement, "Entity Management", EntityOf(facts), facts),
        { Operation: "search" or "import" or "export" or "share" } => Make(WebResources, "Web Resources Activity", WebOf(facts), facts),
        _ => Make(ApiActivity, "API Activity", CrudOf(facts), facts),
    };

    private static OcsfClass Make(int uid, string name, (int Id, string Name)? activity, OcsfFacts facts) =>
        activity is { } known ? new OcsfClass(uid, name, known.Id, known.Name) : new OcsfClass(uid, name, Other, facts.Operation);

    private static (int, string)? AuthenticationOf(OcsfFacts facts) => facts.Operation switch
    {
        "login" when facts.IsOnBehalf => (7, "Account Switch"),
        "login" => (1, "Logon"),
        "logout" => (2, "Logoff"),
        _ => null,
    };

    private static (int, string)? GroupOf(OcsfFacts facts) => facts.Operation switch
    {
        "grant" => facts.HasUser ? (3, "Add User") : (1, "Assign Privileges"),
        "revoke" => facts.HasUser ? (4, "Remove User") : (2, "Revoke Privileges"),
        "delete" => (5, "Delete"),
        "create" => (6, "Create"),
        "update" => (9, "Update"),
        _ => null,
    };

    private static (int, string)? RoleOf(OcsfFacts facts) => facts.Operation switch
    {
        "create" => (1, "Create"),
        "update" => (2, "Update"),
        "delete" => (3, "Delete"),
        "grant" => (4, "Assign Privileges"),
        "revoke" => (5, "Remove Privileges"),
        _ => null,
    };

    private static (int, string)? UserOf(OcsfFacts facts) => facts switch
    {
        { Operation: "lock" } or { LastWord: "lock" } => (6, "Lock"),
        { LastWord: "unlock" } => (7, "Unlock"),
        _ when facts.Names("password") => facts.Names("reset") ? (9, "Password Reset") : (8, "Password Change"),
        _ when facts.Names("mfa") => facts.Operation is "disable" or "delete" or "revoke" ? (13, "Disable MFA Factors") : (12, "Enable MFA Factors"),
        _ when facts.HasCredential => facts.Operation is "delete" or "revoke" or "disable" ? (19, "Remove Programmatic Credentials") : facts.Operation is "create" or "grant" or "enable" ? (18, "Add Programmatic Credentials") : null,
        { Operation: "grant" } => facts.HasRole ? (16, "Assign Roles") : (14, "Assign Privileges"),
        { Operation: "revoke" } => facts.HasRole ? (17, "Remove Roles") : (15, "Remove Privileges"),
        { Operation: "create" } => (1, "Create"),
        { Operation: "update" } => (2, "Update"),
        { Operation: "delete" } => (3, "Delete"),
        { Operation: "enable" } => (4, "Enable"),
        { Operation: "disable" } => (5, "Disable"),
        _ => null,
    };

    private static (int, string)? EntityOf(OcsfFacts facts) => facts.Operation switch
    {
        "move" => (5, "Move"),
        "enable" => (8, "Enable"),
        "disable" => (9, "Disable"),
        _ => CrudOf(facts),
    };

    private static (int, string)? WebOf(OcsfFacts facts) => facts.Operation switch
    {
        "search" => (5, "Search"),
        "import" => (6, "Import"),
        "export" => (7, "Export"),
        _ => (8, "Share"),
    };

    private static (int, string)? CrudOf(OcsfFacts facts) => facts.Operation switch
    {
        "create" => (1, "Create"),
        "read" or "list" => (2, "Read"),
        "search" when facts.Category == "config" => (2, "Read"),
        "update" => (3, "Update"),
        "delete" => (4, "Delete"),
        _ => null,
    };
}
