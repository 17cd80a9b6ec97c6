using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Indelible.Engine.Access;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Rotation;

namespace Indelible.Engine.Configuration;

/// <summary>Folds the entries of <c>_system</c> into the running configuration.</summary>
/// <remarks>
/// A pure function of an entry and the state before it. An entry of a kind that is not known stops the fold, and with it the start
/// of the node: a configuration that is understood in part is not the configuration.
/// </remarks>
internal static class SystemFold
{
    /// <summary>The state after one more entry.</summary>
    /// <param name="state">The state before.</param>
    /// <param name="index">The entry's index; must be the state's size.</param>
    /// <param name="entry">The entry's bytes.</param>
    /// <exception cref="StorageException">The entry is not a configuration entry that this version knows.</exception>
    public static SystemState Apply(SystemState state, long index, ReadOnlyMemory<byte> entry)
    {
        if (index != state.Size)
        {
            throw new InvalidOperationException($"Entry {index} of _system cannot be folded into a state of size {state.Size}.");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(entry);
            JsonElement root = document.RootElement;
            string action = Text(root, "action");
            JsonElement data = root.TryGetProperty("data", out JsonElement found) ? found : default;
            SystemState next = action switch
            {
                SystemActions.Init => state with { Vkey = Text(data, "vkey"), Version = OptionalText(data, "version") },
                SystemActions.Upgrade => state with { Version = Text(data, "version") },
                SystemActions.Restored => state,
                SystemActions.LogIncarnation => Freeze(AddLog(state, data), IncarnationFacts.Read(data)),
                SystemActions.Incarnation => Freeze(state with { Vkey = Text(data, "vkey") }, IncarnationFacts.Read(data)),
                SystemActions.LogCreate => AddLog(state, data),
                SystemActions.KeyCreate => AddKey(state, data),
                SystemActions.KeyRevoke => RevokeKey(state, Text(data, "id")),
                SystemActions.KeyReplace => ReplaceKey(state, data),
                SystemActions.BreakGlass => BreakGlass(state, Text(data, "id"), Instant.Parse(Text(root, "received_at"))),
                SystemActions.PrincipalCreate => state with { Principals = state.Principals.Add(Text(data, "name"), PrincipalOf(state, data)) },
                SystemActions.PrincipalDisable => SetDisabled(state, Text(data, "name"), true),
                SystemActions.PrincipalEnable => SetDisabled(state, Text(data, "name"), false),
                SystemActions.GrantCreate => state with { Grants = state.Grants.Add(Text(data, "id"), GrantOf(state, data, Text(data, "id"))) },
                SystemActions.GrantRevoke => state with { Grants = Without(state.Grants, Text(data, "id")) },
                SystemActions.IssuerTrust => state with { Issuers = state.Issuers.SetItem(Text(data, "id"), IssuerOf(state, data)) },
                SystemActions.IssuerDistrust => state with { Issuers = Without(state.Issuers, Text(data, "id")) },
                SystemActions.CertificateTrust => state with { Certificates = state.Certificates.SetItem(Text(data, "id"), CertificateOf(state, data)) },
                SystemActions.CertificateDistrust => state with { Certificates = Without(state.Certificates, Text(data, "id")) },
                SystemActions.KeyRotate => Announce(state, Text(data, "log"), RotationFacts.Read(data), data.GetProperty("size").GetInt64()),
                SystemActions.ReceiptsRotate => state with { ReceiptsRotations = state.ReceiptsRotations.Add(new AnnouncedKey(Text(data, "old_vkey"), Text(data, "new_vkey"), 0)) },
                SystemActions.SourceExpect => Expect(state, data, Instant.Parse(Text(root, "received_at"))),
                SystemActions.SourceForget => state with { Expected = state.Expected.Remove((Text(data, "log"), Text(data, "name"))) },
                _ => throw new StorageException($"Entry {index} of _system has the action {action}, which this version does not know. Use the version that wrote it, or a later one.", StorageOutcome.Damaged),
            };
            return next with { Size = index + 1 };
        }
        catch (Exception e) when (e is JsonException or OverflowException or TlogFormatException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new StorageException($"Entry {index} of _system is not a configuration entry.", StorageOutcome.Damaged, e);
        }
    }

    private static SystemState AddLog(SystemState state, JsonElement data)
    {
        var log = new LogSettings(
            Text(data, "name"),
            Text(data, "origin"),
            Text(data, "vkey"),
            data.GetProperty("public").GetBoolean(),
            [.. data.GetProperty("personal").EnumerateArray().Select(Text)],
            state.Size + 1);
        return state with { Logs = state.Logs.Add(log.Name, log) };
    }

    private static SystemState Freeze(SystemState state, IncarnationFacts facts) => state with
    {
        Frozen = state.Frozen.Add(facts.Of, new FrozenLog(facts.OfVkey, facts.Restored, facts.Checkpoint, facts.Name)),
    };

    private static SystemState Announce(SystemState state, string log, RotationFacts keys, long size) => state with
    {
        Rotations = state.Rotations.SetItem(log, [.. state.Rotations.GetValueOrDefault(log, []), new AnnouncedKey(keys.Old.ToString(), keys.New.ToString(), size)]),
    };

    private static SystemState AddKey(SystemState state, JsonElement data)
    {
        KeyKind kind = Kind(Text(data, "kind"));
        string id = Text(data, "id");
        ImmutableArray<string> logs = Texts(data, "logs");
        bool carriesOwn = !data.TryGetProperty("carries", out JsonElement carries) || Text(carries) != AccessJson.OfPrincipal;
        var key = new ApiKey(id, kind, Text(data, "principal"), logs, OptionalTime(data, "expires"), Text(data, "hash"), IsRevoked: false)
        {
            Own = carriesOwn ? GrantOf(state, data, id, kind) : null,
            Scopes = data.TryGetProperty("scopes", out _) ? RightsOf(data, "scopes") : Roles.MostOf(kind),
            Networks = data.TryGetProperty("networks", out _) ? Texts(data, "networks") : [],
            Rates = data.TryGetProperty("rates", out JsonElement rates) ? new RateLimits(OptionalNumber(rates, "events"), OptionalNumber(rates, "bytes"), OptionalNumber(rates, "queries")) : null,
            IsBreakGlass = data.TryGetProperty("break_glass", out JsonElement glass) && glass.GetBoolean(),
            Entry = state.Size,
        };
        return state with { Keys = state.Keys.Add(key.Id, key), KeyIdByHash = state.KeyIdByHash.Add(key.HashText, key.Id) };
    }

    /// <summary>A grant; of a key that carries its own, the one that its kind and its logs say where they say no more.</summary>
    private static Grant GrantOf(SystemState state, JsonElement data, string id, KeyKind? ofKey = null)
    {
        ImmutableArray<string> logs = Texts(data, "logs");
        Role role = data.TryGetProperty("role", out JsonElement word) ? RoleOf(Text(word)) : Roles.Of(ofKey ?? throw new FormatException("A grant says its role."));
        return new Grant(
            id,
            Text(data, "principal"),
            role,
            logs.IsEmpty && ofKey == KeyKind.Admin ? [LogPattern.All] : logs,
            OptionalText(data, "rows"),
            data.TryGetProperty("personal", out JsonElement personal) ? PersonalOf(Text(personal)) : Roles.PersonalOf(role),
            ofKey is null ? OptionalTime(data, "expires") : null,
            state.Size);
    }

    private static Principal PrincipalOf(SystemState state, JsonElement data) => new(
        Text(data, "name"),
        Text(data, "kind") switch
        {
            AccessJson.Person => PrincipalKind.Person,
            AccessJson.Service => PrincipalKind.Service,
            string other => throw new FormatException($"There is no kind of principal {other}."),
        },
        IsDisabled: false,
        state.Size);

    private static SystemState SetDisabled(SystemState state, string name, bool isDisabled) =>
        state with { Principals = state.Principals.SetItem(name, state.Principals[name] with { IsDisabled = isDisabled }) };

    private static SystemState ReplaceKey(SystemState state, JsonElement data)
    {
        string id = Text(data, "id");
        return state with { Keys = state.Keys.SetItem(id, state.Keys[id] with { ReplacedBy = Text(data, "by"), Expires = Time(Text(data, "until")) }) };
    }

    private static SystemState BreakGlass(SystemState state, string id, DateTimeOffset at) => state.Keys[id] is { IsBreakGlass: true, BrokenAt: null } key
        ? state with { Keys = state.Keys.SetItem(id, key with { BrokenAt = at }) }
        : throw new FormatException($"Key {id} is not behind glass.");

    private static Issuer IssuerOf(SystemState state, JsonElement data) => new(
        Text(data, "id"), Text(data, "issuer"), Text(data, "audience"), Texts(data, "algorithms"), data.GetProperty("keys").GetRawText(), Text(data, "principal_claim"), Text(data, "prefix"), RightsOf(data, "scopes"), state.Size);

    private static TrustedCertificate CertificateOf(SystemState state, JsonElement data) => new(
        Text(data, "id"), Text(data, "principal"), OptionalText(data, "sha256"), OptionalText(data, "authority"), OptionalText(data, "dns_name"), RightsOf(data, "scopes"), state.Size);

    private static ImmutableDictionary<string, T> Without<T>(ImmutableDictionary<string, T> all, string id)
    {
        ImmutableDictionary<string, T> rest = all.Remove(id);
        return rest.Count < all.Count ? rest : throw new KeyNotFoundException($"There is none of id {id}.");
    }

    private static Rights RightsOf(JsonElement data, string member) => data.GetProperty(member).EnumerateArray().Select(Text)
        .Aggregate(Rights.None, (all, word) => RightWords.TryParse(word, out Rights right) ? all | right : throw new FormatException($"There is no right {word}."));

    private static Role RoleOf(string word) => Roles.Parse(word) ?? throw new FormatException($"There is no role {word}.");

    private static PersonalView PersonalOf(string word) => PersonalViews.Parse(word) ?? throw new FormatException($"There is no view of personal values {word}.");

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static DateTimeOffset? OptionalTime(JsonElement parent, string member) => OptionalText(parent, member) is { } text ? Time(text) : null;

    private static long? OptionalNumber(JsonElement parent, string member) => parent.TryGetProperty(member, out JsonElement value) ? value.GetInt64() : null;

    private static ImmutableArray<string> Texts(JsonElement parent, string member) => [.. parent.GetProperty(member).EnumerateArray().Select(Text)];

    private static SystemState Expect(SystemState state, JsonElement data, DateTimeOffset since)
    {
        var expected = new ExpectedSource(
            Text(data, "log"),
            Text(data, "name"),
            OptionalText(data, "principal"),
            OptionalText(data, "service"),
            OptionalText(data, "instance"),
            TimeSpan.FromSeconds(data.GetProperty("interval_s").GetInt64()),
            since);
        return state with { Expected = state.Expected.SetItem((expected.Log, expected.Name), expected) };
    }

    private static string? OptionalText(JsonElement parent, string member) => parent.TryGetProperty(member, out JsonElement value) ? Text(value) : null;

    // Enum.Parse would take numbers, and names put together, for kinds that nobody has defined.
    private static KeyKind Kind(string text) => Enum.GetValues<KeyKind>().Cast<KeyKind?>().FirstOrDefault(kind => kind.ToString()!.Equals(text, StringComparison.OrdinalIgnoreCase))
        ?? throw new FormatException($"There is no kind of key {text}.");

    private static string Text(JsonElement parent, string member) => Text(parent.GetProperty(member));

    private static string Text(JsonElement value) => value.GetString() ?? throw new FormatException("A text is missing.");

    private static SystemState RevokeKey(SystemState state, string id) =>
        state with { Keys = state.Keys.SetItem(id, state.Keys[id] with { IsRevoked = true }) };
}
