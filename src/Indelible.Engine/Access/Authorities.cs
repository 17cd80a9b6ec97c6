using System.Collections.Concurrent;
using Indelible.Engine.Configuration;

namespace Indelible.Engine.Access;

/// <summary>Who may do what, by one state of the configuration. Thread-safe; another is made for the next state.</summary>
public sealed class Authorities
{
    /// <summary>What the id of a credential begins with that is a token; behind it stands the issuer's id.</summary>
    public const string TokenMark = "token:";

    /// <summary>What the id of a credential begins with that is a client certificate; behind it stands the id that it is trusted under.</summary>
    public const string CertificateMark = "certificate:";

    private readonly ILookup<string, Grant> _grants;
    private readonly ConcurrentDictionary<(string Credential, string Principal), Authority> _known = new();

    /// <summary>Makes the table of a state.</summary>
    public Authorities(SystemState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        State = state;
        _grants = state.Grants.Values.ToLookup(grant => grant.Principal, StringComparer.Ordinal);
    }

    /// <summary>The state.</summary>
    public SystemState State { get; }

    /// <summary>What a credential may do now.</summary>
    /// <param name="credentialId">A key's id, or that of a token or certificate.</param>
    /// <param name="principal">Whose it is, as was found when it was shown.</param>
    /// <param name="now">When.</param>
    /// <returns>Null where it is good for nothing: unknown, revoked, expired, or its principal disabled.</returns>
    public Authority? Of(string credentialId, string principal, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(credentialId);
        ArgumentNullException.ThrowIfNull(principal);
        if (State.Principals.TryGetValue(principal, out Principal? known) && known.IsDisabled)
        {
            return null;
        }

        if (State.Keys.TryGetValue(credentialId, out ApiKey? key))
        {
            return key.Principal == principal && key.IsValid(now) ? _known.GetOrAdd((credentialId, principal), _ => OfKey(key)) : null;
        }

        Rights? most = credentialId.StartsWith(TokenMark, StringComparison.Ordinal)
            ? State.Issuers.TryGetValue(credentialId[TokenMark.Length..], out Issuer? issuer) && principal.StartsWith(issuer.Prefix, StringComparison.Ordinal) ? issuer.Most : null
            : credentialId.StartsWith(CertificateMark, StringComparison.Ordinal)
                && State.Certificates.TryGetValue(credentialId[CertificateMark.Length..], out TrustedCertificate? certificate) && certificate.Principal == principal
                ? certificate.Most
                : null;
        return most is { } rights && _grants.Contains(principal) ? _known.GetOrAdd((credentialId, principal), _ => new Authority(principal, _grants[principal], rights)) : null;
    }

    /// <summary>What somebody may do still who was let in before.</summary>
    /// <param name="caller">Who, and by which configuration he was let in.</param>
    /// <param name="now">When.</param>
    /// <returns>Null where he is to show himself again, or has nothing to show.</returns>
    /// <remarks>
    /// A token or certificate was judged by what was trusted under its id then. Where that was replaced since, say for a key that was stolen, nobody knows
    /// whether the credential would be believed still: it is to be shown again.
    /// </remarks>
    public Authority? Of(AppendCaller caller, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return caller.Ends <= now || TrustedSince(caller.KeyId) >= caller.AuthAt ? null : Of(caller.KeyId, caller.Principal, now);
    }

    /// <summary>What a key would give, valid or not: for who asks what it is for.</summary>
    public Authority OfKey(ApiKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new Authority(key.Principal, key.Own is { } own ? [own] : _grants[key.Principal], key.Most);
    }

    /// <summary>The entry that the trust in a token or certificate is from; null for a key, or for none.</summary>
    private long? TrustedSince(string credentialId) =>
        credentialId.StartsWith(TokenMark, StringComparison.Ordinal) ? State.Issuers.GetValueOrDefault(credentialId[TokenMark.Length..])?.Entry
        : credentialId.StartsWith(CertificateMark, StringComparison.Ordinal) ? State.Certificates.GetValueOrDefault(credentialId[CertificateMark.Length..])?.Entry
        : null;
}
