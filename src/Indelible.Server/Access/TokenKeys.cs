using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Indelible.Engine.Access;
using Indelible.Server.Problems;
using Microsoft.IdentityModel.Tokens;

namespace Indelible.Server.Access;

/// <summary>The public keys of an issuer, from a JWK set (RFC 7517). Immutable.</summary>
internal sealed class TokenKeys
{
    private const string Root = "/keys";
    private const int LeastRsaBits = 2_048;
    private const int MostRsaBits = 8_192;
    private const int KeyIdLength = 256;

    /// <summary>Members that a public key never has; <c>k</c> is a symmetric one.</summary>
    private static readonly string[] s_secret = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

    private static readonly (string Name, ECCurve Curve, int Bytes)[] s_curves =
        [("P-256", ECCurve.NamedCurves.nistP256, 32), ("P-384", ECCurve.NamedCurves.nistP384, 48), ("P-521", ECCurve.NamedCurves.nistP521, 66)];

    private static readonly ConditionalWeakTable<Issuer, TokenKeys> s_ofIssuers = [];

    private readonly JsonWebKey[] _keys;

    private TokenKeys(JsonWebKey[] keys) => _keys = keys;

    /// <summary>The algorithms that an issuer may be believed by: signatures alone, by a key that is not a secret here.</summary>
    public static IReadOnlyList<string> Algorithms { get; } = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>The keys of an issuer that is believed.</summary>
    public static TokenKeys Of(Issuer issuer) => s_ofIssuers.GetValue(issuer, static known => new TokenKeys([.. new JsonWebKeySet(known.Keys).Keys]));

    /// <summary>The one key that may have signed a token; null where it is not clear which.</summary>
    /// <param name="keyId">What the token names; untrusted.</param>
    /// <param name="algorithm">One of <see cref="Algorithms"/>.</param>
    public JsonWebKey? Find(string? keyId, string algorithm)
    {
        JsonWebKey? key = _keys is [{ } only] && (keyId is null || only.Kid is null) ? only : _keys.FirstOrDefault(key => keyId is not null && key.Kid == keyId);
        return key is not null && Fits(algorithm, key.Kty, key.Crv, key.Alg) ? key : null;
    }

    /// <summary>Reads a set that somebody wants to be believed, and gives what of it is needed, in JSON.</summary>
    /// <param name="set">Untrusted.</param>
    /// <param name="algorithms">The algorithms that it is wanted for.</param>
    /// <exception cref="ProblemException">400, with the place: a key is private, symmetric, weak or of no use.</exception>
    public static string Read(JsonElement? set, IReadOnlyCollection<string> algorithms)
    {
        if (set is not { ValueKind: JsonValueKind.Object } given || !given.TryGetProperty("keys", out JsonElement keys) || keys.ValueKind != JsonValueKind.Array)
        {
            throw Fault("", "a JWK set: {\"keys\":[…]}");
        }

        if (keys.GetArrayLength() is 0 or > ServerLimits.KeysOfIssuer)
        {
            throw Fault(Root, $"1 to {ServerLimits.KeysOfIssuer} keys");
        }

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            var ids = new HashSet<string>(StringComparer.Ordinal);
            var useful = new HashSet<string>(StringComparer.Ordinal);
            json.WriteStartObject();
            json.WriteStartArray("keys");
            for (int i = 0; i < keys.GetArrayLength(); i++)
            {
                WriteKey(json, new Jwk(keys[i], $"{Root}/{i}"), algorithms, keys.GetArrayLength() > 1, ids, useful);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            if (algorithms.FirstOrDefault(algorithm => !useful.Contains(algorithm)) is { } unused)
            {
                throw new ProblemException(Problem.InvalidParameter("/algorithms", $"no key is for {unused}"));
            }
        }

        return buffer.Length <= ServerLimits.KeySetBytes
            ? Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length)
            : throw Fault("", $"at most {ServerLimits.KeySetBytes} bytes");
    }

    private static void WriteKey(Utf8JsonWriter json, Jwk jwk, IReadOnlyCollection<string> algorithms, bool needsId, HashSet<string> ids, HashSet<string> useful)
    {
        if (s_secret.FirstOrDefault(jwk.Has) is { } secret)
        {
            throw jwk.Fault(secret, "that is of a private or symmetric key, which belongs to its owner alone; take it for known to others now");
        }

        string? kid = jwk.Text("kid");
        if (kid is null ? needsId : kid.Length is 0 or > KeyIdLength || !ids.Add(kid))
        {
            throw jwk.Fault("kid", needsId ? $"each of several keys has its own, of 1 to {KeyIdLength} characters" : $"1 to {KeyIdLength} characters");
        }

        if (jwk.Text("use") is not (null or "sig"))
        {
            throw jwk.Fault("use", "sig: a key for anything else verifies no token");
        }

        string kty = jwk.Text("kty") ?? "";
        string? crv = jwk.Text("crv");
        string? alg = jwk.Text("alg");
        string[] fitting = [.. algorithms.Where(algorithm => Fits(algorithm, kty, crv, alg))];
        string[] members = kty switch
        {
            "RSA" => ReadRsa(jwk),
            "EC" => ReadEc(jwk, crv),
            _ => throw jwk.Fault("kty", "RSA or EC"),
        };
        if (fitting.Length == 0)
        {
            throw jwk.Fault(alg is null ? "kty" : "alg", $"a key for {string.Join(", ", algorithms)}");
        }

        useful.UnionWith(fitting);
        json.WriteStartObject();
        foreach (string member in members.Append("kty").Concat(kid is null ? [] : ["kid"]).Concat(alg is null ? [] : ["alg"]))
        {
            json.WriteString(member, jwk.Text(member));
        }

        json.WriteEndObject();
    }

    private static string[] ReadRsa(Jwk jwk)
    {
        byte[] n = jwk.Bytes("n");
        byte[] e = jwk.Bytes("e");
        int bits = n is [not 0, ..] ? (n.Length * 8) - System.Numerics.BitOperations.LeadingZeroCount((uint)n[0] << 24) : 0;
        if (bits is < LeastRsaBits or > MostRsaBits || n[^1] % 2 == 0)
        {
            throw jwk.Fault("n", $"the modulus of an RSA key of {LeastRsaBits} to {MostRsaBits} bits");
        }

        // The exponent 1 would let anybody sign.
        if (e is not [not 0, ..] || e.Length > 4 || e[^1] % 2 == 0 || e is [1])
        {
            throw jwk.Fault("e", "the exponent of an RSA key, as AQAB");
        }

        return ["n", "e"];
    }

    private static string[] ReadEc(Jwk jwk, string? crv)
    {
        (string? name, ECCurve curve, int length) = s_curves.FirstOrDefault(known => known.Name == crv);
        if (name is null)
        {
            throw jwk.Fault("crv", string.Join(", ", s_curves.Select(known => known.Name)));
        }

        var point = new ECPoint { X = jwk.Bytes("x"), Y = jwk.Bytes("y") };
        foreach ((string member, byte[] bytes) in new[] { ("x", point.X), ("y", point.Y) })
        {
            if (bytes.Length != length)
            {
                throw jwk.Fault(member, $"{length} bytes, leading zeros included");
            }
        }

        try
        {
            using var key = ECDsa.Create(new ECParameters { Curve = curve, Q = point });
        }
        catch (CryptographicException)
        {
            throw jwk.Fault("x", $"a point of {crv}");
        }

        return ["crv", "x", "y"];
    }

    /// <summary>Whether an algorithm goes with a key: a key is for one way of signing, and says so by its kind.</summary>
    private static bool Fits(string algorithm, string kty, string? crv, string? alg) => (alg is null || alg == algorithm) && (algorithm, kty, crv) switch
    {
        ("ES256", "EC", "P-256") or ("ES384", "EC", "P-384") or ("ES512", "EC", "P-521") => true,
        (_, "RSA", _) => algorithm.StartsWith("RS", StringComparison.Ordinal) || algorithm.StartsWith("PS", StringComparison.Ordinal),
        _ => false,
    };

    private static ProblemException Fault(string below, string detail) => new(Problem.InvalidParameter(Root + below, detail));

    /// <summary>A key of the set, and where it stands there.</summary>
    private readonly record struct Jwk(JsonElement Json, string Place)
    {
        public bool Has(string member) => Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(member, out _);

        public string? Text(string member) => !Has(member) ? null
            : Json.GetProperty(member) is { ValueKind: JsonValueKind.String } value ? value.GetString()
            : throw Fault(member, "a text");

        public byte[] Bytes(string member) => StrictBase64Url.TryDecode(Text(member)) is { Length: > 0 } bytes ? bytes : throw Fault(member, "base64url without padding");

        public ProblemException Fault(string member, string detail) => TokenKeys.Fault($"{Place}/{member}", detail);
    }
}
