using System.Text.Json.Nodes;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>A server that believes one issuer, whose <c>deploy</c> appends to a log and reads it, and whose <c>acme/</c> neighbour is another.</summary>
public sealed class TokenServer : IAsyncLifetime
{
    public const string Prefix = "ci:";

    internal TestServer Server { get; } = new();

    internal TokenIssuer Issuer { get; } = new();

    internal DateTimeOffset Now => Server.Clock.GetUtcNow();

    public async ValueTask InitializeAsync()
    {
        await Server.InitializeAsync();
        await EnterAsync(Prefix + "deploy", ("writer", "main"), ("reader", "main"));
        await EnterAsync(Prefix + "idle");
        await EnterAsync("acme/deploy", ("reader", "acme.*"));
        await EnterAsync("deploy", ("reader", "main"));
        await TrustAsync(IssuerBody());
    }

    public async ValueTask DisposeAsync()
    {
        Issuer.Dispose();
        await Server.DisposeAsync();
    }

    /// <summary>Enters a principal and what he may do.</summary>
    public async Task EnterAsync(string name, params (string Role, string Log)[] grants)
    {
        Assert.Equal(201, (await Server.PostAsync("api/principals", Server.AdminKey, new JsonObject { ["name"] = name, ["kind"] = "service" }.ToJsonString())).Status);
        foreach ((string role, string log) in grants)
        {
            Answer made = await Server.PostAsync("api/grants", Server.AdminKey, new JsonObject { ["principal"] = name, ["role"] = role, ["logs"] = new JsonArray(log) }.ToJsonString());
            Assert.True(made.Status == 201, made.Text);
        }
    }

    /// <summary>What the API is told of the issuer, changed.</summary>
    internal JsonObject IssuerBody(Action<JsonObject>? change = null)
    {
        var body = new JsonObject
        {
            ["id"] = "ci",
            ["issuer"] = TokenIssuer.Name,
            ["audience"] = TokenIssuer.Audience,
            ["algorithms"] = new JsonArray("ES256", "ES384", "RS256"),
            ["keys"] = Issuer.KeySet,
            ["prefix"] = Prefix,
        };
        change?.Invoke(body);
        return body;
    }

    internal async Task TrustAsync(JsonObject body)
    {
        Answer made = await Server.PostAsync("api/issuers", Server.AdminKey, body.ToJsonString());
        Assert.True(made.Status == 201, made.Text);
    }

    /// <summary>What a token is answered that asks who it speaks for.</summary>
    internal Task<Answer> MeAsync(string token) => Server.GetAsync("api/me", token);
}
