using System.Collections.Immutable;

namespace Indelible.Engine.Access;

/// <summary>Somebody else whose tokens (JWT) are believed: under one audience, by these algorithms and keys, about principals of one prefix.</summary>
/// <param name="Id">Its id here, <c>[a-z0-9-]</c>.</param>
/// <param name="Name">The claim <c>iss</c>, exactly.</param>
/// <param name="Audience">What the claim <c>aud</c> must hold.</param>
/// <param name="Algorithms">The header <c>alg</c>: one of these.</param>
/// <param name="Keys">The public keys that are believed, a JWK set (RFC 7517).</param>
/// <param name="PrincipalClaim">The claim that names the principal.</param>
/// <param name="Prefix">What stands before it in the principal's name here, so that no issuer can name another's.</param>
/// <param name="Most">What its tokens are good for at most.</param>
/// <param name="Entry">The entry of the configuration that it is from.</param>
public sealed record Issuer(string Id, string Name, string Audience, ImmutableArray<string> Algorithms, string Keys, string PrincipalClaim, string Prefix, Rights Most, long Entry);

/// <summary>A client certificate that is believed: one by its hash, or those of an authority for one name.</summary>
/// <param name="Id">Its id here, <c>[a-z0-9-]</c>.</param>
/// <param name="Principal">Whose it is.</param>
/// <param name="Sha256">SHA-256 of the certificate, lower-case hexadecimal; null where an authority vouches.</param>
/// <param name="Authority">The authority's certificate in PEM, and behind it those between it and the callers'; null where the certificate itself is named.</param>
/// <param name="DnsName">The DNS name that the certificate must be for; null where the certificate itself is named.</param>
/// <param name="Most">What it is good for at most.</param>
/// <param name="Entry">The entry of the configuration that it is from.</param>
public sealed record TrustedCertificate(string Id, string Principal, string? Sha256, string? Authority, string? DnsName, Rights Most, long Entry);
