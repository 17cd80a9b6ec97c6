using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Indelible.Engine.Configuration;

namespace Indelible.Engine.Access;

/// <summary>What an administrator may change: nobody gives what he does not govern, and no principal gets anything outside of his tenant.</summary>
/// <remarks>Asked under the lock of configuration, of the state that the change will extend. What somebody may not know of is answered as if it were not there.</remarks>
internal sealed class AdministrationRules(Authorities authorities, AppendCaller by, Func<string, bool> logExists, DateTimeOffset now)
{
    private static readonly Role[] s_rolesOfOurLogs = [Role.Reader, Role.Analyst, Role.Auditor];

    // Claims about the token itself, RFC 7519, 4.1: they name nobody.
    private static readonly string[] s_claimsOfTokens = ["iss", "aud", "exp", "nbf", "iat", "jti"];

    // The node itself has no key: it may do what its own code does.
    private readonly Authority? _by = by.KeyId.Length == 0
        ? null
        : authorities.Of(by, now) ?? throw new NotAuthorisedException("a key that is valid still");

    private SystemState State => authorities.State;

    private bool IsNode => _by is null || _by.OnNode(Rights.Admin, now);

    /// <summary>Whether somebody may change what a principal has.</summary>
    public bool Governs(string principal) => IsNode || (Tenant.OfPrincipal(principal) is { } tenant && _by!.Over(tenant + ".*", Rights.Admin, now));

    /// <summary>Whether somebody may change a key.</summary>
    public bool Governs(ApiKey key) => Governs(key.Principal);

    /// <summary>Requires that the change concerns the node, and its author its administrator.</summary>
    public void RequireNode()
    {
        if (!IsNode)
        {
            throw new NotAuthorisedException("an administrator of the whole node");
        }
    }

    /// <summary>Requires that somebody administers a log.</summary>
    public void RequireOver(string log)
    {
        if (_by is not null && !_by.Over(log, Rights.Admin, now))
        {
            throw new NotAuthorisedException("an administrator of that log");
        }
    }

    /// <summary>Requires that somebody may rotate a log's key; of our own logs, those of the whole node.</summary>
    public void RequireCustody(string log)
    {
        if (_by is not null && !_by.Over(log, Rights.Custody, now))
        {
            throw new NotAuthorisedException("a key custodian");
        }
    }

    /// <summary>Requires that somebody may rotate the keys of the node itself.</summary>
    public void RequireNodeCustody()
    {
        if (_by is not null && !_by.OnNode(Rights.Custody, now))
        {
            throw new NotAuthorisedException("a key custodian of the whole node");
        }
    }

    /// <summary>Checks a principal to be entered.</summary>
    public void CheckPrincipal(string name)
    {
        CheckName(name);
        if (!Governs(name))
        {
            throw new NotAuthorisedException("a name that begins with your tenant's and /, as in acme/billing");
        }

        if (State.Principals.ContainsKey(name))
        {
            throw new ConfigurationConflictException($"There is a principal {name} already.");
        }

        if (State.Principals.Count >= EngineLimits.Principals)
        {
            throw new ConfigurationConflictException($"This node has {EngineLimits.Principals} principals, as many as it may.");
        }
    }

    /// <summary>The principal of this name, if somebody may know of him.</summary>
    public Principal Find(string name) => State.Principals.TryGetValue(name, out Principal? found) && Governs(name) ? found : throw new KeyNotFoundException($"There is no principal {name}.");

    /// <summary>The grant of this id, if somebody may know of it.</summary>
    public Grant FindGrant(string id) => State.Grants.TryGetValue(id, out Grant? found) && Governs(found.Principal) ? found : throw new KeyNotFoundException($"There is no grant {id}.");

    /// <summary>The key of this id, if somebody may know of it.</summary>
    public ApiKey FindKey(string id) => State.Keys.TryGetValue(id, out ApiKey? found) && Governs(found) ? found : throw new KeyNotFoundException($"There is no key {id}.");

    /// <summary>Checks a grant to be made to a principal.</summary>
    public void CheckGrant(NewGrant wanted)
    {
        if (!State.Principals.ContainsKey(wanted.Principal) || !Governs(wanted.Principal))
        {
            throw Fault("principal", $"there is no principal {wanted.Principal}");
        }

        if (State.Grants.Count >= EngineLimits.Grants)
        {
            throw new ConfigurationConflictException($"This node has {EngineLimits.Grants} grants, as many as it may.");
        }

        if (wanted.Logs.IsEmpty)
        {
            throw Fault("logs", "a grant names at least one log, prefix.* or *");
        }

        CheckTerms(wanted.Principal, wanted.Role, wanted.Logs, wanted.Rows, wanted.Personal);
    }

    /// <summary>Whose key it is that is to be made; see <see cref="NewKey.Principal"/>.</summary>
    /// <param name="wanted">The key.</param>
    /// <param name="id">The id that it will have.</param>
    public string PrincipalOf(NewKey wanted, string id)
    {
        if (wanted.Principal is { } named)
        {
            return named;
        }

        // A tenant's administrator makes keys of his tenant; to the node's own they do not belong.
        string?[] tenants = [.. wanted.Logs.Select(Tenant.OfPattern).Distinct()];
        return IsNode || tenants is not [{ } tenant] ? $"{Principal.OfKey}{id}" : $"{tenant}/{Principal.OfKey}{id}";
    }

    /// <summary>Whether a key to be made carries its principal's grants and none of its own.</summary>
    public bool CarriesGrants(NewKey wanted) => wanted.Principal is { } name && wanted.Logs.IsEmpty && State.Principals.ContainsKey(name) && Governs(name);

    /// <summary>Checks a key to be made.</summary>
    /// <param name="wanted">The key.</param>
    /// <param name="principal">Whose it is.</param>
    public void CheckKey(NewKey wanted, string principal)
    {
        CheckRoomForKey();
        Role role = wanted.Role ?? Roles.Of(wanted.Kind);
        if (Roles.KindOf(role) != wanted.Kind)
        {
            throw Fault("role", $"a key of kind {wanted.Kind.ToString().ToLowerInvariant()} cannot have the role {Roles.WordOf(role)}");
        }

        if (wanted.Scopes is { } scopes && (scopes == Rights.None || (scopes & ~Roles.MostOf(wanted.Kind)) != Rights.None))
        {
            throw Fault("scopes", $"a key of kind {wanted.Kind.ToString().ToLowerInvariant()} may have the scopes {string.Join(", ", RightWords.Of(Roles.MostOf(wanted.Kind)))}");
        }

        CheckNetworks(wanted.Networks);
        CheckRates(wanted.Rates);
        if (wanted.IsBreakGlass)
        {
            RequireNode();
            if (role != Role.Administrator || !wanted.Logs.IsEmpty || CarriesGrants(wanted))
            {
                throw Fault("break_glass", "behind glass waits an administrator of the node: kind admin, no logs");
            }
        }

        if (CarriesGrants(wanted))
        {
            if (wanted.Role is not null || wanted.Rows is not null || wanted.Personal is not null)
            {
                throw Fault("role", "the key carries its principal's grants, which say role, rows and personal; name logs for a grant of its own");
            }

            RequireCouldGive(principal, State.Grants.Values.Where(grant => grant.Principal == principal), wanted.Scopes ?? Roles.MostOf(wanted.Kind));
            return;
        }

        if (wanted.Kind != KeyKind.Admin && wanted.Logs.IsEmpty)
        {
            throw Fault("logs", "a writer's or reader's key names at least one log, or *; or a principal that has grants");
        }

        if (wanted.Principal is not null && !Governs(principal))
        {
            throw new NotAuthorisedException("a principal whose name begins with your tenant's and /, as in acme/billing");
        }

        if (wanted.Principal is not null && Tenant.OfPrincipal(principal) is not null)
        {
            CheckName(principal, "principal");
        }

        CheckTerms(principal, role, wanted.Logs.IsEmpty ? [LogPattern.All] : wanted.Logs, wanted.Rows, wanted.Personal);
    }

    /// <summary>Checks that a key may have another in its place.</summary>
    public void CheckReplacement(ApiKey key) =>
        RequireCouldGive(key.Principal, key.Own is { } own ? [own] : State.Grants.Values.Where(grant => grant.Principal == key.Principal), key.Most);

    /// <summary>Checks that there may be another key.</summary>
    public void CheckRoomForKey()
    {
        if (State.Keys.Count >= EngineLimits.Keys)
        {
            throw new ConfigurationConflictException($"This node has {EngineLimits.Keys} keys, as many as it may.");
        }
    }

    /// <summary>Checks a name that stands for a principal.</summary>
    /// <param name="name">Untrusted.</param>
    /// <param name="member">What the fault is called by.</param>
    public static void CheckName(string name, string member = "name")
    {
        if (Principal.FaultOf(name) is { } fault)
        {
            throw Fault(member, fault);
        }
    }

    /// <summary>Checks an issuer whose tokens are to be believed; its keys are the caller's to check.</summary>
    public void CheckIssuer(Issuer issuer)
    {
        RequireNode();
        CheckId(issuer.Id);
        CheckText("issuer", issuer.Name);
        CheckText("audience", issuer.Audience);
        if (issuer.PrincipalClaim.Length == 0 || s_claimsOfTokens.Contains(issuer.PrincipalClaim))
        {
            throw Fault("principal_claim", "the claim that names who the token speaks for, as sub");
        }

        CheckText("principal_claim", issuer.PrincipalClaim);
        CheckPrefix(issuer.Prefix);
        CheckScopes(issuer.Most);
        Issuer[] others = [.. State.Issuers.Values.Where(other => other.Id != issuer.Id)];
        if (others.Length >= EngineLimits.Issuers)
        {
            throw new ConfigurationConflictException($"This node believes {EngineLimits.Issuers} issuers, as many as it may.");
        }

        // Which of two a token is judged by must not be chance, and by its name an entry's principal must tell who vouched for him.
        if (others.FirstOrDefault(other => other.Name == issuer.Name && other.Audience == issuer.Audience) is { } same)
        {
            throw new ConfigurationConflictException($"Tokens of this issuer for this audience are believed under the id {same.Id} already.");
        }

        if (others.FirstOrDefault(other => other.Prefix.StartsWith(issuer.Prefix, StringComparison.Ordinal) || issuer.Prefix.StartsWith(other.Prefix, StringComparison.Ordinal)) is { } near)
        {
            throw new ConfigurationConflictException($"Issuer {near.Id} has the prefix {near.Prefix}: one could name the other's principals.");
        }
    }

    /// <summary>Checks a client certificate that is to be believed; that its authority is one is the caller's to check.</summary>
    public void CheckCertificate(TrustedCertificate certificate)
    {
        RequireNode();
        CheckId(certificate.Id);
        CheckScopes(certificate.Most);
        if (!State.Principals.ContainsKey(certificate.Principal))
        {
            throw Fault("principal", $"there is no principal {certificate.Principal}");
        }

        TrustedCertificate[] others = [.. State.Certificates.Values.Where(other => other.Id != certificate.Id)];
        if (others.Length >= EngineLimits.Certificates)
        {
            throw new ConfigurationConflictException($"This node believes {EngineLimits.Certificates} certificates, as many as it may.");
        }

        if (others.FirstOrDefault(other => other.Sha256 == certificate.Sha256 && other.Authority == certificate.Authority && other.DnsName == certificate.DnsName) is { } same)
        {
            throw new ConfigurationConflictException($"The same is believed under the id {same.Id} already.");
        }
    }

    /// <summary>Refuses a state in which nobody could administer the node any more.</summary>
    public void CheckStillGoverned(SystemState next)
    {
        var then = new Authorities(next);
        if (IsGoverned(authorities) && !IsGoverned(then))
        {
            throw new ConfigurationConflictException("Nobody could administer this node any more: make another administrator first, or a key behind glass.");
        }
    }

    private bool IsGoverned(Authorities table) => table.State.Keys.Values.Any(key =>
        !key.IsRevoked && !(key.Ends <= now)
        && !(table.State.Principals.TryGetValue(key.Principal, out Principal? principal) && principal.IsDisabled)
        && table.OfKey(key).OnNode(Rights.Admin, now));

    /// <summary>Requires that somebody could give what a key is good for: he is shown its text, and would have what he may not give.</summary>
    private void RequireCouldGive(string principal, IEnumerable<Grant> grants, Rights most)
    {
        bool CouldGive(Grant grant) => grant.Role != Role.Custodian && grant.Logs.All(log => log.StartsWith('_') ? Governs(principal) : _by!.Over(log, Rights.Admin, now));
        if (!IsNode && grants.Any(grant => !grant.IsOver(now) && (grant.Rights & most) != Rights.None && !CouldGive(grant)))
        {
            throw new NotAuthorisedException("an administrator of all that the key is for");
        }
    }

    private void CheckTerms(string principal, Role role, ImmutableArray<string> logs, string? rows, PersonalView? personal)
    {
        if (logs.Length > EngineLimits.LogsPerKey)
        {
            throw Fault("logs", $"at most {EngineLimits.LogsPerKey} logs, not {logs.Length}");
        }

        foreach (string log in logs)
        {
            CheckLog(principal, role, log);
        }

        if (role == Role.Custodian)
        {
            RequireNode();
        }

        if ((rows is not null || personal is not null) && !Roles.RightsOf(role).HasFlag(Rights.Read))
        {
            throw Fault(rows is null ? "personal" : "rows", $"a {Roles.WordOf(role)} sees no entries");
        }

        if (rows?.Length > EngineLimits.RowsText)
        {
            throw Fault("rows", $"a query of at most {EngineLimits.RowsText} characters");
        }
    }

    private void CheckLog(string principal, Role role, string log)
    {
        string? tenant = Tenant.OfPrincipal(principal);
        if (log.StartsWith('_'))
        {
            if (!logExists(log) || !(IsNode || (tenant is not null && Governs(principal))))
            {
                throw Fault("logs", $"there is no log {log}");
            }

            if (!s_rolesOfOurLogs.Contains(role))
            {
                throw Fault("logs", role == Role.Writer ? $"nobody but the system appends to {log}" : $"of {log} one can be {string.Join(", ", s_rolesOfOurLogs.Select(Roles.WordOf))}");
            }

            return;
        }

        // Before it is asked whether it exists: who does not govern a log is not told.
        if (!IsNode && !_by!.Over(log, Rights.Admin, now))
        {
            throw Fault("logs", $"there is no log {log}");
        }

        if (!LogPattern.IsPattern(log) || (!LogPattern.IsOpen(log) && !logExists(log)))
        {
            throw Fault("logs", $"there is no log {log}");
        }

        if (tenant is not null && Tenant.OfPattern(log) != tenant)
        {
            throw Fault("logs", $"{principal} belongs to tenant {tenant}, and {log} does not");
        }
    }

    private static void CheckId(string id)
    {
        if (id.Length is 0 or > EngineLimits.TrustId || id.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-'))
        {
            throw Fault("id", $"1 to {EngineLimits.TrustId} of a-z 0-9 -");
        }
    }

    private static void CheckText(string member, string text)
    {
        if (text.Length is 0 or > EngineLimits.IssuerText || text.Any(c => c is <= ' ' or > '~'))
        {
            throw Fault(member, $"1 to {EngineLimits.IssuerText} visible ASCII characters, exactly as in the tokens");
        }
    }

    /// <summary>What stands before the names of an issuer's principals: a tenant's, or one that can be no tenant's and no key's.</summary>
    private static void CheckPrefix(string prefix)
    {
        if (prefix.Length is < 2 or > EngineLimits.IssuerPrefix || prefix[^1] is not (':' or '/') || !char.IsAsciiLetterOrDigit(prefix[0]))
        {
            throw Fault("prefix", $"2 to {EngineLimits.IssuerPrefix} characters that begin with a letter or digit and end in : or /, as in ci: or acme/");
        }

        if (Principal.FaultOf(prefix + "x") is { } fault)
        {
            throw Fault("prefix", fault);
        }

        if (prefix.Contains('/', StringComparison.Ordinal) && Tenant.OfPrincipal(prefix) is null)
        {
            throw Fault("prefix", "before / stands a tenant's name");
        }

        if (Principal.IsOfKey(prefix))
        {
            throw Fault("prefix", $"{Principal.OfKey} is for the principals of keys");
        }
    }

    private static void CheckScopes(Rights most)
    {
        if (most == Rights.None)
        {
            throw Fault("scopes", $"at least one of {string.Join(", ", RightWords.All)}");
        }
    }

    private static void CheckNetworks(ImmutableArray<string> networks)
    {
        if (networks.Length > EngineLimits.NetworksPerKey)
        {
            throw Fault("networks", $"at most {EngineLimits.NetworksPerKey} networks, not {networks.Length}");
        }

        foreach (string network in networks)
        {
            if (!IPNetwork.TryParse(network, out IPNetwork read) || read.ToString() != network)
            {
                throw Fault("networks", "networks in CIDR notation, as 10.0.0.0/8 or 2001:db8::/32");
            }
        }
    }

    private static void CheckRates(RateLimits? rates)
    {
        foreach (long? rate in new[] { rates?.Events, rates?.Bytes, rates?.Queries })
        {
            if (rate is < 1 or > EngineLimits.Rate)
            {
                throw Fault("rates", string.Create(CultureInfo.InvariantCulture, $"1 to {EngineLimits.Rate} a second"));
            }
        }
    }

    private static ArgumentException Fault(string member, string detail) => new(detail, member);
}
