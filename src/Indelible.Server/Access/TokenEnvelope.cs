using System.Text.Json;
using System.Text.Unicode;

namespace Indelible.Server.Access;

/// <summary>What a token (JWT, RFC 7519, in compact form) says. Nothing of it is verified.</summary>
/// <param name="Algorithm">The header <c>alg</c>.</param>
/// <param name="KeyId">The header <c>kid</c>; null where it names none.</param>
/// <param name="Issuer">The claim <c>iss</c>.</param>
/// <param name="Audiences">The claim <c>aud</c>.</param>
/// <param name="IssuedAt">The claim <c>iat</c>.</param>
/// <param name="NotBefore">The claim <c>nbf</c>, or null.</param>
/// <param name="Expires">The claim <c>exp</c>.</param>
/// <param name="Claims">All claims.</param>
/// <remarks>
/// Read more strictly than RFC 7519 asks, so that there is one way alone to understand a token: no member twice, no second spelling of the same bytes, no extensions
/// that the header calls critical (RFC 7515, 4.1.11), and no key that the token brings itself (<c>jwk</c>, <c>jku</c>, <c>x5c</c>, <c>x5u</c>): trust is configuration.
/// A token that is bound to a key of its holder (<c>cnf</c>) is not taken from whoever bears it.
/// </remarks>
internal sealed record TokenEnvelope(
    string Algorithm, string? KeyId, string Issuer, IReadOnlyList<string> Audiences, DateTimeOffset IssuedAt, DateTimeOffset? NotBefore, DateTimeOffset Expires, JsonElement Claims)
{
    private static readonly string[] s_refusedHeaders = ["crit", "jwk", "jku", "x5c", "x5u", "zip", "cty", "b64"];
    private static readonly string[] s_types = ["JWT", "at+jwt", "application/at+jwt"];
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Whether a text may be a token: three parts. A key never has a dot.</summary>
    /// <param name="presented">Untrusted.</param>
    public static bool HasForm(string presented) => presented.Count(c => c == '.') == 2;

    /// <summary>Reads a token.</summary>
    /// <param name="presented">Untrusted.</param>
    /// <returns>Null where it is none that could be believed.</returns>
    public static TokenEnvelope? TryRead(string presented)
    {
        if (presented.Length > ServerLimits.TokenBytes || presented.Split('.') is not [{ } header, { } claims, { } signature] || StrictBase64Url.TryDecode(signature) is not { Length: > 0 })
        {
            return null;
        }

        try
        {
            return Parse(header) is { } head && Parse(claims) is { } said ? Read(head, said) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;   // No JSON; or a text in it that is none, half of a surrogate pair.
        }
    }

    /// <summary>A claim that is a text; null where there is none, or another value.</summary>
    public string? TextOf(string claim)
    {
        try
        {
            return Text(Claims, claim);
        }
        catch (InvalidOperationException)
        {
            return null;   // Half of a surrogate pair.
        }
    }

    private static TokenEnvelope? Read(JsonElement head, JsonElement claims)
    {
        bool isPlain = !s_refusedHeaders.Any(name => head.TryGetProperty(name, out _))
            && (!head.TryGetProperty("typ", out JsonElement type) || (type.ValueKind == JsonValueKind.String && s_types.Contains(type.GetString(), StringComparer.OrdinalIgnoreCase)))
            && !claims.TryGetProperty("cnf", out _);
        bool hasKid = head.TryGetProperty("kid", out JsonElement kid);
        bool hasNotBefore = claims.TryGetProperty("nbf", out JsonElement before);
        DateTimeOffset? notBefore = hasNotBefore ? Time(before) : null;
        return isPlain && !(hasKid && Text(kid) is null) && !(hasNotBefore && notBefore is null)
            && Text(head, "alg") is { } algorithm
            && Text(claims, "iss") is { } issuer
            && claims.TryGetProperty("aud", out JsonElement aud) && Audience(aud) is { } audiences
            && claims.TryGetProperty("iat", out JsonElement at) && Time(at) is { } issuedAt
            && claims.TryGetProperty("exp", out JsonElement end) && Time(end) is { } expires
                ? new TokenEnvelope(algorithm, hasKid ? Text(kid) : null, issuer, audiences, issuedAt, notBefore, expires, claims)
                : null;
    }

    private static JsonElement? Parse(string part)
    {
        if (StrictBase64Url.TryDecode(part) is not { } bytes || !Utf8.IsValid(bytes))
        {
            return null;
        }

        using JsonDocument document = JsonDocument.Parse(bytes, s_strict);
        return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
    }

    private static string[]? Audience(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => [.. value.EnumerateArray().Select(item => item.GetString()!)],
        _ => null,
    };

    private static string? Text(JsonElement parent, string member) => parent.TryGetProperty(member, out JsonElement value) ? Text(value) : null;

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A NumericDate, cut to whole seconds.</summary>
    private static DateTimeOffset? Time(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal seconds) && seconds >= 0 && seconds < DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds((long)seconds)
            : null;
}
