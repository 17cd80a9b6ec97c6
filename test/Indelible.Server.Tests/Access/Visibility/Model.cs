namespace Indelible.Server.Tests.Access.Visibility;

/// <summary>Who may see what, in a few lines that share nothing with the server: lists of grants, and nothing else.</summary>
internal sealed class Model(World world, Names names)
{
    private static readonly Dictionary<string, string[]> s_roles = new()
    {
        ["writer"] = ["append", "verify"],
        ["reader"] = ["read", "tail", "export", "verify"],
        ["analyst"] = ["read", "tail", "verify", "rules", "alerts"],
        ["auditor"] = ["read", "export", "verify", "inspect"],
        ["privacy_officer"] = ["read", "verify", "privacy"],
        ["administrator"] = ["admin", "inspect"],
        ["custodian"] = ["custody"],
    };

    public static readonly IReadOnlyDictionary<string, string[]> Kinds = new Dictionary<string, string[]>()
    {
        ["writer"] = ["append", "verify"],
        ["reader"] = ["read", "tail", "export", "verify", "rules", "alerts", "privacy", "inspect"],
        ["admin"] = ["admin", "inspect", "custody"],
    };

    private static readonly Dictionary<string, int> s_views = new() { ["reader"] = 2, ["privacy_officer"] = 2, ["analyst"] = 1, ["auditor"] = 1 };

    public bool IsGood(KeySpec key) => !key.IsRevoked && !world.Members[key.Member].IsDisabled;

    /// <summary>The grants by which a key does something.</summary>
    public List<GrantSpec> With(KeySpec key, string right) =>
    [
        .. from grant in key.Own is { } own ? [own] : world.Grants.Where(grant => grant.Member == key.Member && !grant.IsOver)
           where IsGood(key) && s_roles[Words.Roles[grant.Role]].Contains(right) && Most(key).Contains(right)
           select grant,
    ];

    /// <summary>Those by which it does that with a log.</summary>
    public List<GrantSpec> With(KeySpec key, int log, string right) => [.. With(key, right).Where(grant => grant.Patterns.Any(pattern => IsMeant(key, pattern, log)))];

    /// <summary>Whether a key inspects what a member has: the whole of his tenant, or the node.</summary>
    public bool Inspects(KeySpec key, int member) =>
        With(key, "inspect").Any(grant => grant.Patterns.Any(pattern => (key.Member == 4 && pattern >= 6) || (member < 4 && pattern == 4 + (member / 2))));

    public List<string> RightsOf(KeySpec key, int log) => [.. Words.Rights.Where(right => With(key, log, right).Count > 0)];

    public bool Sees(KeySpec key, int log, int index, string right = "read") => With(key, log, right).Any(grant => IsIn(grant, log, index));

    public bool SeesAll(KeySpec key, int log, string right) => With(key, log, right).Any(grant => grant.Rows is null);

    /// <summary>0 hidden, 1 on request, 2 shown; of an entry that the key sees.</summary>
    public int ViewOf(KeySpec key, int log, int index, string right = "read") =>
        With(key, log, right).Where(grant => IsIn(grant, log, index)).Select(grant => grant.Personal ?? s_views.GetValueOrDefault(Words.Roles[grant.Role])).DefaultIfEmpty(-1).Max();

    /// <summary>Whether the key is shown personal values of some entry that it might see.</summary>
    public bool ShowsPersonal(KeySpec key, int log) => With(key, log, "read").Any(grant => (grant.Personal ?? s_views.GetValueOrDefault(Words.Roles[grant.Role])) == 2);

    /// <summary>What of an entry's personal values somebody sees who is shown them, or not.</summary>
    public Seen SeenOf(int log, int index, bool isShown)
    {
        Happening what = world.Logs[log][index];
        bool hasPerson = isShown && what.Person != Happening.Nobody;
        bool hasSecret = what.HasSecret && (isShown || !IsSecretPersonal(log));
        return new Seen(
            hasPerson ? names.FullNameOf(what.Person, log, index) : null, hasPerson ? names.EmailOf(what.Person) : null, hasSecret ? names.SecretOf(what.Person) : null, names);
    }

    /// <summary>The indexes that a query finds.</summary>
    public List<int> Find(KeySpec key, int log, Test what, string right = "read") =>
    [
        .. Enumerable.Range(0, world.Logs[log].Length).Where(index => Sees(key, log, index, right) && what.Holds(world.Logs[log][index], SeenOf(log, index, ViewOf(key, log, index, right) == 2))),
    ];

    public static bool IsSecretPersonal(int log) => log % World.LogsPerTenant == 0;

    private static IEnumerable<string> Most(KeySpec key) => Kinds[Words.Kinds[key.Kind]].Where(right => key.Scopes is not { } scopes || (scopes & (1 << IndexOf(right))) != 0);

    private static int IndexOf(string right) => Words.Rights.ToList().IndexOf(right);

    private static bool IsIn(GrantSpec grant, Happening what) => grant.Rows is not { } rows || rows.Holds(what, new Seen(null, null, null, null!));

    private bool IsIn(GrantSpec grant, int log, int index) => IsIn(grant, world.Logs[log][index]);

    private bool IsMeant(KeySpec key, int pattern, int log)
    {
        string text = names.PatternOf(pattern);
        string name = names.LogOf(log);
        return (names.TenantOfMember(key.Member) is not { } tenant || text.StartsWith(tenant + ".", StringComparison.Ordinal))
            && (text == "*" || text == name || (text.EndsWith('*') && name.StartsWith(text[..^1], StringComparison.Ordinal)));
    }
}
