using Indelible.AspNetCore.Secrets;

namespace Indelible.AspNetCore.Tests.Secrets;

/// <summary>What is a secret by its name or its look, and what only seems one.</summary>
public sealed class SecretsTests
{
    [Theory]
    [InlineData("password")]
    [InlineData("newPassword")]
    [InlineData("NEW_PASSWORD")]
    [InlineData("X-Api-Key")]
    [InlineData("apiKey")]
    [InlineData("client_secret")]
    [InlineData("accessToken")]
    [InlineData("Authorization")]
    [InlineData("Set-Cookie")]
    [InlineData("card_number")]
    [InlineData("userPIN")]
    [InlineData("pin")]
    [InlineData("CVV2")]
    [InlineData("connectionString")]
    [InlineData("my-own")]
    public void Is_secret_by_its_name(string name) => Assert.True(new SecretsDictionary().Add("My-Own").IsSecretName(name));

    [Theory]
    [InlineData("shippingAddress")]
    [InlineData("spin")]
    [InlineData("company")]
    [InlineData("keyboard")]
    [InlineData("patientId")]
    [InlineData("discardNumbers")]
    [InlineData("")]
    public void Is_no_secret_by_its_name(string name) => Assert.False(new SecretsDictionary().IsSecretName(name));

    [Theory]
    [InlineData("Bearer abcdefgh", "secret")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "secret")]
    [InlineData("-----BEGIN PRIVATE KEY-----", "secret")]
    [InlineData("see AKIAIOSFODNN7EXAMPLE there", "secret")]
    [InlineData("4111111111111111", "card")]
    [InlineData("card: 5500-0000-0000-0004, thanks", "card")]
    [InlineData("3782 822463 10005", "card")]
    [InlineData("4111111111111112", null)]
    [InlineData("0000000000000000", null)]
    [InlineData("41111111111111111111", null)]
    [InlineData("2026-11-24T03:41:03Z", null)]
    [InlineData("an ordinary sentence about nothing", null)]
    public void Is_told_by_its_look(string text, string? kind) => Assert.Equal(kind, SecretsDictionary.KindOf(text));
}
