using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Indelible.Server.Tests.Attacks;

/// <summary>Somebody who issues tokens: good ones, and any other that an attacker could think of.</summary>
internal sealed class TokenIssuer : IDisposable
{
    public const string Name = "https://issuer.example";

    public const string Audience = "indelible";

    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public ECDsa Ec384 { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    public RSA Rsa { get; } = RSA.Create(2_048);

    /// <summary>The public keys: <c>ec</c>, <c>ec384</c>, and <c>rsa</c>, which is for RS256 alone.</summary>
    public JsonObject KeySet => new() { ["keys"] = new JsonArray(JwkOf(Ec, "ec", "P-256"), JwkOf(Ec384, "ec384", "P-384"), JwkOf(Rsa, "rsa", "RS256")) };

    public static JsonObject JwkOf(ECDsa key, string? kid, string curve)
    {
        ECPoint point = key.ExportParameters(false).Q;
        var jwk = new JsonObject { ["kty"] = "EC", ["crv"] = curve, ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y), ["use"] = "sig" };
        if (kid is not null)
        {
            jwk["kid"] = kid;
        }

        return jwk;
    }

    public static JsonObject JwkOf(RSA key, string kid, string? alg)
    {
        RSAParameters values = key.ExportParameters(false);
        var jwk = new JsonObject { ["kty"] = "RSA", ["n"] = Base64Url.EncodeToString(values.Modulus), ["e"] = Base64Url.EncodeToString(values.Exponent), ["kid"] = kid };
        if (alg is not null)
        {
            jwk["alg"] = alg;
        }

        return jwk;
    }

    /// <summary>The claims of a good token, changed.</summary>
    public static JsonObject Claims(DateTimeOffset now, Action<JsonObject>? change = null)
    {
        var claims = new JsonObject
        {
            ["iss"] = Name,
            ["aud"] = Audience,
            ["sub"] = "deploy",
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.ToUnixTimeSeconds() + 600,
        };
        change?.Invoke(claims);
        return claims;
    }

    public static JsonObject Header(string alg, string? kid, Action<JsonObject>? change = null)
    {
        var header = new JsonObject { ["alg"] = alg, ["typ"] = "JWT" };
        if (kid is not null)
        {
            header["kid"] = kid;
        }

        change?.Invoke(header);
        return header;
    }

    /// <summary>A token by <c>ES256</c>, good where nothing is changed.</summary>
    public string Token(DateTimeOffset now, Action<JsonObject>? claims = null, Action<JsonObject>? header = null) =>
        Sign(Header("ES256", "ec", header).ToJsonString(), Claims(now, claims).ToJsonString(), SignEc);

    public byte[] SignEc(byte[] input) => Ec.SignData(input, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    public byte[] SignRs(byte[] input) => Rsa.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    public byte[] SignPs(byte[] input) => Rsa.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);

    public static string Sign(string header, string claims, Func<byte[], byte[]> sign)
    {
        string input = Encode(header) + "." + Encode(claims);
        return input + "." + Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(input)));
    }

    public static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    public void Dispose()
    {
        Ec.Dispose();
        Ec384.Dispose();
        Rsa.Dispose();
    }
}
