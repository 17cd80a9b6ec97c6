using CsCheck;

namespace Indelible.Server.Tests.Access.Visibility;

/// <summary>A small node by chance: two tenants of two logs each, what happened in them, who was granted what, and what they ask.</summary>
/// <remarks>Of the tenants' logs the first keeps <c>/data/secret</c> and <c>/auth/session_id</c> personal, the second does not.</remarks>
internal sealed record World(Happening[][] Logs, Member[] Members, GrantSpec[] Grants, KeySpec[] Keys, Ask[] Asks)
{
    public const int Tenants = 2;

    public const int LogsPerTenant = 2;

    private static readonly Gen<Happening> s_happening = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, 1], Gen.Int[0, 1], Gen.Int[0, 2], Gen.Int[0, 3], Gen.Bool)
        .Select((action, outcome, target, service, env, person, secret) => new Happening(action, outcome, target, service, env, person, secret));

    private static readonly Gen<Test> s_fact = Gen.Select(Gen.Int[0, Fields.All.Count - 1], Gen.Int[0, 2]).Select((field, value) => (Test)new FactTest(field, value));

    private static readonly Gen<Test> s_personal = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 3]).Select((kind, value) => (Test)new PersonalTest((PersonalTestKind)kind, value));

    private static readonly Gen<GrantSpec> s_grant = Gen.Select(Gen.Int[0, 4], Gen.Int[0, Words.Roles.Count - 1], Gen.Int[0, 7].Array[1, 2], Gen.Int[0, 2], Tree(s_fact), Gen.Int[0, 3], Gen.Int[0, 5])
        .Select((member, role, patterns, limited, rows, personal, over) => new GrantSpec(member, role, patterns, limited == 0 ? rows : null, personal == 3 ? null : personal, over == 0));

    private static readonly Gen<KeySpec> s_key = Gen.Select(Gen.Int[0, 4], Gen.Int[0, 2], s_grant, Gen.Int[0, 2], Gen.Int[0, 3], Gen.Int[0, 1 << 11], Gen.Int[0, 7])
        .Select((member, kind, own, carries, limited, scopes, revoked) => new KeySpec(member, kind, carries == 0 ? own : null, limited == 0 ? scopes : null, revoked == 0));

    private static readonly Gen<Ask> s_ask = Gen.Select(Tree(Gen.Frequency((2, s_fact), (3, s_personal))), Gen.Int[0, 2], Gen.Int[1, 4], Gen.Int[0, Ask.CountedBy.Count - 1])
        .Select((what, order, limit, by) => new Ask(what, Ask.Orders[order], limit, Ask.CountedBy[by]));

    public static Gen<World> Any { get; } = Gen.Select(
        s_happening.Array[3, 7].Array[Tenants * LogsPerTenant, Tenants * LogsPerTenant],
        Gen.Int[0, 9].Select(disabled => new Member(disabled == 0)).Array[5, 5],
        s_grant.Array[2, 8],
        s_key.Array[4, 6],
        s_ask.Array[2, 3]).Select((logs, members, grants, keys, asks) => new World(logs, members, [.. grants.Select(Possible).OfType<GrantSpec>()], [.. keys.Select(Possible)], asks));

    /// <summary>The grant as far as it can be made, or null: nobody is granted anything outside of his tenant, nor rows where he reads nothing.</summary>
    private static GrantSpec? Possible(GrantSpec grant)
    {
        int[] patterns = [.. grant.Patterns.Where(pattern => grant.Member == 4 || (pattern < 4 ? pattern / LogsPerTenant : pattern - 4) == grant.Member / 2).Distinct()];
        bool reads = grant.Role is >= 1 and <= 4;
        return patterns.Length == 0 ? null : grant with { Patterns = patterns, Rows = reads ? grant.Rows : null, Personal = reads ? grant.Personal : null };
    }

    /// <summary>The key as far as it can be made: its own grant is of a role of its kind.</summary>
    private static KeySpec Possible(KeySpec key)
    {
        int role = key.Kind switch { 0 => 0, 1 => 1 + ((key.Own?.Role ?? 0) % 4), _ => 5 + ((key.Own?.Role ?? 0) % 2) };
        int most = Words.Rights.Select((right, at) => Model.Kinds[Words.Kinds[key.Kind]].Contains(right) ? 1 << at : 0).Sum();
        return key with
        {
            Own = key.Own is { } own ? Possible(own with { Member = key.Member, Role = role, IsOver = false }) : null,
            Scopes = key.Scopes is { } scopes && (scopes & most) != 0 ? scopes & most : null,
        };
    }

    private static Gen<Test> Tree(Gen<Test> leaf)
    {
        Gen<Test> small = Gen.Select(leaf, Gen.Bool).Select((test, not) => not ? new NotTest(test) : test);
        return Gen.Select(small, small, Gen.Int[0, 3]).Select((a, b, kind) => kind switch { 0 => new BothTest(a, b), 1 => new EitherTest(a, b), 2 => new NotTest(new EitherTest(a, b)), _ => a });
    }
}

/// <summary>An event.</summary>
/// <param name="Action">See <see cref="Fields"/>, as the next four.</param>
/// <param name="Outcome">As above.</param>
/// <param name="Target">As above.</param>
/// <param name="Service">As above.</param>
/// <param name="Env">As above; 2 for none.</param>
/// <param name="Person">Whose name and address it holds; 3 for nobody's.</param>
/// <param name="HasSecret">Whether there are <c>data.secret</c> and <c>auth.session_id</c>.</param>
internal sealed record Happening(int Action, int Outcome, int Target, int Service, int Env, int Person, bool HasSecret)
{
    public const int Nobody = 3;

    public int FactOf(int field) => field switch { 0 => Action, 1 => Outcome, 2 => Target, 3 => Service, _ => Env };
}

/// <summary>A principal: 0 and 1 of the first tenant, 2 and 3 of the second, 4 of the node.</summary>
internal sealed record Member(bool IsDisabled);

/// <summary>A grant to a member; of a key that carries its own, what that is.</summary>
/// <param name="Member">Whose.</param>
/// <param name="Role">See <see cref="Words.Roles"/>.</param>
/// <param name="Patterns">What for: the four logs, the two tenants, everything twice.</param>
/// <param name="Rows">The entries, or null for all.</param>
/// <param name="Personal">0 hidden, 1 on request, 2 shown; null for what the role says.</param>
/// <param name="IsOver">Whether it has ended.</param>
internal sealed record GrantSpec(int Member, int Role, int[] Patterns, Test? Rows, int? Personal, bool IsOver);

/// <summary>A key.</summary>
/// <param name="Member">Whose.</param>
/// <param name="Kind">See <see cref="Words.Kinds"/>.</param>
/// <param name="Own">Its own grant, or null where it carries its principal's.</param>
/// <param name="Scopes">Bits of <see cref="Words.Rights"/>, or null for all.</param>
/// <param name="IsRevoked">Whether it was revoked.</param>
internal sealed record KeySpec(int Member, int Kind, GrantSpec? Own, int? Scopes, bool IsRevoked);

/// <summary>A search and a count.</summary>
internal sealed record Ask(Test What, string Order, int Limit, string By)
{
    public static IReadOnlyList<string> Orders { get; } = ["desc", "asc", "time"];

    public static IReadOnlyList<string> CountedBy { get; } = ["action", "outcome", "targets.type", "labels.env", "actor.name", "actor.email", "data.secret"];
}

/// <summary>The members of an event that tests are about.</summary>
internal static class Fields
{
    public static IReadOnlyList<(string Path, string[] Values)> All { get; } =
    [
        ("action", ["invoice.read", "invoice.refund", "login"]),
        ("outcome", ["success", "failure", "unknown"]),
        ("targets.type", ["invoice", "patient", "no-such"]),
        ("service.name", ["billing", "web", "no-such"]),
        ("labels.env", ["prod", "test", "no-such"]),
    ];
}

/// <summary>The words of the API, written down anew.</summary>
internal static class Words
{
    public static IReadOnlyList<string> Rights { get; } = ["append", "read", "tail", "export", "verify", "rules", "alerts", "privacy", "admin", "inspect", "custody"];

    public static IReadOnlyList<string> Kinds { get; } = ["writer", "reader", "admin"];

    public static IReadOnlyList<string> Roles { get; } = ["writer", "reader", "analyst", "auditor", "privacy_officer", "administrator", "custodian"];

    public static IReadOnlyList<string> Views { get; } = ["hidden", "on_request", "shown"];
}
