using System.Text.Json;
using Indelible.Engine.Configuration;
using Indelible.Engine.Storage;

namespace Indelible.Engine.Access;

/// <summary>Changes who may do what. Each change is an entry of <c>_system</c>, with its author; when a task completes, the change is in force.</summary>
/// <remarks>
/// What the author may do is asked again under the lock of configuration: who lost his rights while he waited changes nothing. Thread-safe.
/// </remarks>
public sealed class Administration
{
    private readonly LogEngine _engine;
    private readonly RandomSource _random;

    internal Administration(LogEngine engine, RandomSource random)
    {
        _engine = engine;
        _random = random;
    }

    /// <summary>Makes a key. Its text is in the result and nowhere else.</summary>
    /// <param name="wanted">The key.</param>
    /// <param name="by">Who makes it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ArgumentException">A member cannot be so; its name is the parameter's.</exception>
    /// <exception cref="NotAuthorisedException">The author may not make such a key.</exception>
    /// <exception cref="ConfigurationConflictException">There are too many.</exception>
    public async Task<(ApiKey Key, string Text)> CreateKeyAsync(NewKey wanted, AppendCaller by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentNullException.ThrowIfNull(by);
        string text = ApiKeyText.New(wanted.Kind, _random);
        string id = ApiKeyText.IdOf(wanted.Kind, text);
        await _engine.ConfigureAsync(by, rules =>
        {
            string principal = rules.PrincipalOf(wanted, id);
            rules.CheckKey(wanted, principal);
            return Entering(rules.CarriesGrants(wanted) ? KeyOf(wanted, id, text, principal) : WithOwnGrant(wanted, KeyOf(wanted, id, text, principal)));
        }, cancellationToken).ConfigureAwait(false);
        return (_engine.System.Keys[id], text);
    }

    /// <summary>Makes a key that takes another's place: the same but for its text. The other goes on for a while.</summary>
    /// <param name="id">The key to be replaced.</param>
    /// <param name="overlap">How long it goes on; zero ends it now.</param>
    /// <param name="by">Who has it replaced.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="KeyNotFoundException">There is no such key that the author may know of.</exception>
    /// <exception cref="NotAuthorisedException">It is good for something that the author may not give.</exception>
    /// <exception cref="ConfigurationConflictException">It is not valid any more, was replaced already, or waits behind glass; or there are too many.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The overlap is negative or longer than <see cref="EngineLimits.KeyOverlap"/>.</exception>
    public async Task<(ApiKey Key, string Text)> ReplaceKeyAsync(string id, TimeSpan overlap, AppendCaller by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(by);
        ArgumentOutOfRangeException.ThrowIfLessThan(overlap, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(overlap, EngineLimits.KeyOverlap);
        string? newId = null;
        string text = "";

        // Two entries, and a crash may come between them: then there is a key whose text nobody was ever shown.
        await _engine.ConfigureAsync(by, rules =>
        {
            rules.CheckRoomForKey();
            ApiKey old = Replaceable(rules, id);
            text = ApiKeyText.New(old.Kind, _random);
            newId = ApiKeyText.IdOf(old.Kind, text);
            return Entering(old with { Id = newId, HashText = ApiKeyText.HashOf(text), Own = old.Own is { } own ? own with { Id = newId } : null });
        }, cancellationToken).ConfigureAwait(false);
        await _engine.ConfigureAsync(by, rules =>
        {
            DateTimeOffset until = _engine.Time.GetUtcNow() + overlap;
            ApiKey old = Replaceable(rules, id);
            return new SystemChange(SystemActions.KeyReplace, "update", ("api_key", id), Tenant.OfPrincipal(old.Principal), data =>
            {
                data.WriteString("id", id);
                data.WriteString("by", newId);
                data.WriteString("until", Events.Instant.Format(old.Expires < until ? old.Expires.Value : until));
            });
        }, CancellationToken.None).ConfigureAwait(false);
        return (_engine.System.Keys[newId!], text);
    }

    /// <summary>Revokes a key; when the task completes, nothing is appended under it any more.</summary>
    /// <exception cref="KeyNotFoundException">There is no such key that the author may know of.</exception>
    /// <exception cref="ConfigurationConflictException">Nobody could administer the node without it.</exception>
    public Task RevokeKeyAsync(string id, AppendCaller by, CancellationToken cancellationToken) => _engine.ConfigureAsync(by, rules =>
    {
        ApiKey key = rules.FindKey(id);
        if (key.IsRevoked)
        {
            return null;
        }

        rules.CheckStillGoverned(WithKey(key with { IsRevoked = true }));
        return new SystemChange(SystemActions.KeyRevoke, "revoke", ("api_key", id), Tenant.OfPrincipal(key.Principal), data => data.WriteString("id", id));
    }, cancellationToken);

    /// <summary>Enters a principal.</summary>
    /// <param name="name">His name; see <see cref="Tenant"/>.</param>
    /// <param name="kind">What he is.</param>
    /// <param name="by">Who enters him.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ArgumentException">The name cannot be one.</exception>
    /// <exception cref="NotAuthorisedException">It is not one of the author's tenant.</exception>
    /// <exception cref="ConfigurationConflictException">There is one of this name already.</exception>
    public async Task<Principal> CreatePrincipalAsync(string name, PrincipalKind kind, AppendCaller by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);
        await _engine.ConfigureAsync(by, rules =>
        {
            rules.CheckPrincipal(name);
            return new SystemChange(SystemActions.PrincipalCreate, "create", ("principal", name), Tenant.OfPrincipal(name), data => AccessJson.Write(data, name, kind));
        }, cancellationToken).ConfigureAwait(false);
        return _engine.System.Principals[name];
    }

    /// <summary>Makes all credentials of a principal good for nothing, or good again.</summary>
    /// <exception cref="KeyNotFoundException">There is no such principal that the author may know of.</exception>
    /// <exception cref="ConfigurationConflictException">Nobody could administer the node without him.</exception>
    public Task SetDisabledAsync(string name, bool isDisabled, AppendCaller by, CancellationToken cancellationToken) => _engine.ConfigureAsync(by, rules =>
    {
        Principal principal = rules.Find(name);
        if (principal.IsDisabled == isDisabled)
        {
            return null;
        }

        SystemState now = _engine.System;
        rules.CheckStillGoverned(now with { Principals = now.Principals.SetItem(name, principal with { IsDisabled = isDisabled }) });
        return new SystemChange(
            isDisabled ? SystemActions.PrincipalDisable : SystemActions.PrincipalEnable, isDisabled ? "disable" : "enable", ("principal", name), Tenant.OfPrincipal(name), data => data.WriteString("name", name));
    }, cancellationToken);

    /// <summary>Gives a principal a role for some logs.</summary>
    /// <param name="wanted">The grant; <see cref="NewGrant.Rows"/> in canonical text.</param>
    /// <param name="by">Who gives it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ArgumentException">A member cannot be so; its name is the parameter's.</exception>
    /// <exception cref="NotAuthorisedException">The author may not give it.</exception>
    /// <exception cref="ConfigurationConflictException">There are too many.</exception>
    public async Task<Grant> GrantAsync(NewGrant wanted, AppendCaller by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        Span<byte> random = stackalloc byte[8];
        _random.Fill(random);
        string id = "g-" + Convert.ToHexStringLower(random);
        await _engine.ConfigureAsync(by, rules =>
        {
            rules.CheckGrant(wanted);
            var grant = new Grant(id, wanted.Principal, wanted.Role, wanted.Logs, wanted.Rows, wanted.Personal ?? Roles.PersonalOf(wanted.Role), wanted.Expires, 0);
            return new SystemChange(SystemActions.GrantCreate, "grant", ("grant", id), Tenant.OfPrincipal(wanted.Principal), data => AccessJson.Write(data, grant));
        }, cancellationToken).ConfigureAwait(false);
        return _engine.System.Grants[id];
    }

    /// <summary>Takes a grant back.</summary>
    /// <exception cref="KeyNotFoundException">There is no such grant that the author may know of.</exception>
    /// <exception cref="ConfigurationConflictException">Nobody could administer the node without it.</exception>
    public Task EndGrantAsync(string id, AppendCaller by, CancellationToken cancellationToken) => _engine.ConfigureAsync(by, rules =>
    {
        Grant grant = rules.FindGrant(id);
        SystemState now = _engine.System;
        rules.CheckStillGoverned(now with { Grants = now.Grants.Remove(id) });
        return new SystemChange(SystemActions.GrantRevoke, "revoke", ("grant", id), Tenant.OfPrincipal(grant.Principal), data => data.WriteString("id", id));
    }, cancellationToken);

    /// <summary>Breaks the glass: the key behind it is good for an hour from now, and never again. An alert is entered first.</summary>
    /// <param name="id">The key.</param>
    /// <param name="reason">Why, in the words of who does it.</param>
    /// <param name="by">Who he is: the key's own principal.</param>
    /// <exception cref="KeyNotFoundException">There is no such key.</exception>
    /// <exception cref="ConfigurationConflictException">The glass is broken already.</exception>
    /// <returns>When the hour is over.</returns>
    public async Task<DateTimeOffset> BreakGlassAsync(string id, string reason, AppendCaller by)
    {
        ArgumentNullException.ThrowIfNull(by);
        CheckGlass(id);

        // Not cancellable: who reaches for it is in the alerts, whatever becomes of his waiting.
        await _engine.NoteBreakGlassAsync(id, reason, by).ConfigureAwait(false);
        await _engine.ConfigureAsync(by with { KeyId = "" }, _ =>
        {
            CheckGlass(id);
            return new SystemChange(SystemActions.BreakGlass, "enable", ("api_key", id), null, data => data.WriteString("id", id)) { Reason = reason, By = by };
        }, CancellationToken.None).ConfigureAwait(false);
        return _engine.System.Keys[id].Ends!.Value;
    }

    /// <summary>Believes an issuer's tokens, in place of what was believed under the id before.</summary>
    /// <param name="issuer">The issuer; checked by the caller as far as its keys go.</param>
    /// <param name="by">Who has it believed.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ArgumentException">A member cannot be so; its name is the parameter's.</exception>
    /// <exception cref="NotAuthorisedException">The author does not administer the node.</exception>
    /// <exception cref="ConfigurationConflictException">There are too many, or another's tokens or principals could not be told from its.</exception>
    public Task TrustIssuerAsync(Issuer issuer, AppendCaller by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        return _engine.ConfigureAsync(by, rules =>
        {
            rules.CheckIssuer(issuer);
            return new SystemChange(SystemActions.IssuerTrust, "create", ("issuer", issuer.Id), Tenant.OfPrincipal(issuer.Prefix), data =>
            {
                data.WriteString("id", issuer.Id);
                data.WriteString("issuer", issuer.Name);
                data.WriteString("audience", issuer.Audience);
                AccessJson.WriteTexts(data, "algorithms", issuer.Algorithms);
                data.WritePropertyName("keys");
                data.WriteRawValue(issuer.Keys);
                data.WriteString("principal_claim", issuer.PrincipalClaim);
                data.WriteString("prefix", issuer.Prefix);
                AccessJson.WriteTexts(data, "scopes", RightWords.Of(issuer.Most));
            });
        }, cancellationToken);
    }

    /// <summary>Believes an issuer's tokens no longer.</summary>
    /// <exception cref="KeyNotFoundException">None is believed under this id.</exception>
    /// <exception cref="NotAuthorisedException">The author does not administer the node.</exception>
    public Task DistrustIssuerAsync(string id, AppendCaller by, CancellationToken cancellationToken) => _engine.ConfigureAsync(by, rules =>
    {
        rules.RequireNode();
        return _engine.System.Issuers.TryGetValue(id, out Issuer? issuer)
            ? new SystemChange(SystemActions.IssuerDistrust, "delete", ("issuer", id), Tenant.OfPrincipal(issuer.Prefix), data => data.WriteString("id", id))
            : throw new KeyNotFoundException($"There is no issuer {id}.");
    }, cancellationToken);

    /// <summary>Believes a client certificate, in place of what was believed under the id before.</summary>
    /// <param name="certificate">The certificate; checked by the caller.</param>
    /// <param name="by">Who has it believed.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ArgumentException">A member cannot be so; its name is the parameter's.</exception>
    /// <exception cref="NotAuthorisedException">The author does not administer the node.</exception>
    /// <exception cref="ConfigurationConflictException">There are too many, or the same is believed under another id.</exception>
    public Task TrustCertificateAsync(TrustedCertificate certificate, AppendCaller by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return _engine.ConfigureAsync(by, rules =>
        {
            rules.CheckCertificate(certificate);
            return new SystemChange(SystemActions.CertificateTrust, "create", ("certificate", certificate.Id), Tenant.OfPrincipal(certificate.Principal), data =>
            {
                data.WriteString("id", certificate.Id);
                data.WriteString("principal", certificate.Principal);
                foreach ((string name, string? value) in new[] { ("sha256", certificate.Sha256), ("authority", certificate.Authority), ("dns_name", certificate.DnsName) })
                {
                    if (value is not null)
                    {
                        data.WriteString(name, value);
                    }
                }

                AccessJson.WriteTexts(data, "scopes", RightWords.Of(certificate.Most));
            });
        }, cancellationToken);
    }

    /// <summary>Believes a client certificate no longer.</summary>
    /// <exception cref="KeyNotFoundException">None is believed under this id.</exception>
    /// <exception cref="NotAuthorisedException">The author does not administer the node.</exception>
    public Task DistrustCertificateAsync(string id, AppendCaller by, CancellationToken cancellationToken) => _engine.ConfigureAsync(by, rules =>
    {
        rules.RequireNode();
        return _engine.System.Certificates.TryGetValue(id, out TrustedCertificate? certificate)
            ? new SystemChange(SystemActions.CertificateDistrust, "delete", ("certificate", id), Tenant.OfPrincipal(certificate.Principal), data => data.WriteString("id", id))
            : throw new KeyNotFoundException($"There is no certificate {id}.");
    }, cancellationToken);

    private static SystemChange Entering(ApiKey key) =>
        new(SystemActions.KeyCreate, "create", ("api_key", key.Id), Tenant.OfPrincipal(key.Principal), data => AccessJson.Write(data, key));

    private static ApiKey KeyOf(NewKey wanted, string id, string text, string principal) => new(id, wanted.Kind, principal, wanted.Logs, wanted.Expires, ApiKeyText.HashOf(text), IsRevoked: false)
    {
        Scopes = wanted.Scopes ?? Roles.MostOf(wanted.Kind),
        Networks = wanted.Networks,
        Rates = wanted.Rates,
        IsBreakGlass = wanted.IsBreakGlass,
    };

    private static ApiKey WithOwnGrant(NewKey wanted, ApiKey key)
    {
        Role role = wanted.Role ?? Roles.Of(wanted.Kind);
        return key with { Own = new Grant(key.Id, key.Principal, role, wanted.Logs, wanted.Rows, wanted.Personal ?? Roles.PersonalOf(role), null, 0) };
    }

    private ApiKey Replaceable(AdministrationRules rules, string id)
    {
        ApiKey key = rules.FindKey(id);
        if (key is not { IsBreakGlass: false, ReplacedBy: null } || !key.IsValid(_engine.Time.GetUtcNow()))
        {
            throw new ConfigurationConflictException($"Key {id} has ended, was replaced already, or waits behind glass.");
        }

        rules.CheckReplacement(key);
        return key;
    }

    /// <summary>Asked before the alert too: who has a key that was used once shall not fill the alerts with it.</summary>
    private void CheckGlass(string id)
    {
        if (!_engine.System.Keys.TryGetValue(id, out ApiKey? key) || key is not { IsBreakGlass: true, IsRevoked: false })
        {
            throw new KeyNotFoundException($"There is no key {id} behind glass.");
        }

        if (key.BrokenAt is not null)
        {
            throw new ConfigurationConflictException("The glass was broken already; a key behind glass is good once.");
        }
    }

    private SystemState WithKey(ApiKey key)
    {
        SystemState now = _engine.System;
        return now with { Keys = now.Keys.SetItem(key.Id, key) };
    }
}

/// <summary>A change of configuration, as it is entered.</summary>
/// <param name="Action">See <see cref="SystemActions"/>.</param>
/// <param name="Operation">The schema's word for it.</param>
/// <param name="Target">What is changed.</param>
/// <param name="Tenant">The tenant that it is about; null for the node.</param>
/// <param name="Data">Writes what the fold needs: members of an object.</param>
internal sealed record SystemChange(string Action, string Operation, (string Type, string Id) Target, string? Tenant, Action<Utf8JsonWriter> Data)
{
    /// <summary>Why, in the author's words; null where nobody asks.</summary>
    public string? Reason { get; init; }

    /// <summary>The author, where he is not who asked for it.</summary>
    public AppendCaller? By { get; init; }
}
