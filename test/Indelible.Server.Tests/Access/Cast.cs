using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Access;

/// <summary>A node of three tenants, and somebody in every part with every reach.</summary>
/// <remarks>A part is what somebody may do, a reach is where: his own log, his whole tenant, another log of it, another tenant, the node.</remarks>
public sealed class Cast : IAsyncLifetime
{
    public const string Log = "acme.pay";

    public const string OtherLog = "acme.hr";

    public const string ForeignLog = "beta.pay";

    public const string PublicLog = "open.pay";

    /// <summary>The parts that are cut by a reach, in the order of <see cref="DoorTable"/>'s columns.</summary>
    public static readonly IReadOnlyList<(string Name, string Role, string Kind, string Terms)> Parts =
    [
        ("writer", "writer", "writer", ""),
        ("reader", "reader", "reader", ""),
        ("rows", "reader", "reader", ""","rows":"outcome:success" """),
        ("hidden", "reader", "reader", ""","personal":"hidden" """),
        ("asked", "reader", "reader", ""","personal":"on_request" """),
        ("analyst", "analyst", "reader", ""),
        ("auditor", "auditor", "reader", ""),
        ("officer", "privacy_officer", "reader", ""),
        ("admin", "administrator", "admin", ""),
        ("custodian", "custodian", "admin", ""),
    ];

    /// <summary>The reaches, in the order of a cell's letters.</summary>
    public static readonly IReadOnlyList<(string Name, string Tenant, string Pattern)> Reaches =
    [
        ("log", "acme/", Log), ("tenant", "acme/", "acme.*"), ("other-log", "acme/", OtherLog), ("other-tenant", "beta/", "beta.*"), ("node", "", "*"),
    ];

    private readonly Dictionary<(string Part, string Reach), string> _keys = [];
    private int _fresh;

    public TestServer Server { get; } = new();

    /// <summary>Credentials that are good for nothing, by why.</summary>
    public IReadOnlyDictionary<string, string?> Nobodies { get; private set; } = null!;

    /// <summary>A key behind glass that was broken less than an hour ago.</summary>
    public string BrokenGlassKey { get; private set; } = "";

    public string KeyOf(string part, string reach) => _keys[(part, reach)];

    public async ValueTask InitializeAsync()
    {
        await Server.InitializeAsync();
        foreach (string log in (string[])[Log, OtherLog, ForeignLog, PublicLog])
        {
            await PostAsync("api/logs", $$"""{"name":"{{log}}","public":{{(log == PublicLog ? "true" : "false")}}}""");
            (_, string writer) = await Server.NewKeyAsync("writer", log);
            Answer filled = await Server.PostAsync(
                $"api/logs/{log}/events?ack=published",
                writer,
                $"[{TestLog.Event("in", ("actor.name", "\"Ada\""))},{TestLog.Event("out", ("actor.name", "\"Bob\""), ("outcome", "\"failure\""))}]");
            Assert.Equal(201, filled.Status);
        }

        foreach ((string part, string role, string kind, string terms) in Parts)
        {
            foreach ((string reach, string tenant, string pattern) in Reaches)
            {
                _keys[(part, reach)] = await MemberAsync($"{tenant}{part}-{reach}", role, kind, pattern, terms);
            }
        }

        (string revokedId, string revoked) = await Server.NewKeyAsync("reader", Log);
        Assert.Equal(204, (await Server.SendAsync(HttpMethod.Delete, "api/keys/" + revokedId, Server.AdminKey)).Status);
        string disabled = await MemberAsync("acme/disabled", "reader", "reader", Log, "");
        Assert.Equal(204, (await Server.PostAsync("api/principals/disable/acme/disabled", Server.AdminKey, "{}")).Status);
        string end = (Server.Clock.GetUtcNow() + TimeSpan.FromMinutes(1)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        string expired = Text(await PostAsync("api/keys", $$"""{"kind":"writer","logs":["{{Log}}"],"expires":"{{end}}"}"""), "key");
        JsonElement old = await PostAsync("api/keys", """{"kind":"admin"}""");
        await PostAsync($"api/keys/{Text(old, "id")}/replace", """{"overlap_s":600}""");
        string spent = await NewGlassAsync();
        Assert.Equal(200, (await Server.PostAsync("api/break-glass", spent, """{"reason":"a test"}""")).Status);
        foreach (string key in (string[])[expired, Text(old, "key"), spent])
        {
            Assert.Equal(200, (await Server.GetAsync("api/me", key)).Status);
        }

        Server.Clock.Advance(TimeSpan.FromHours(1));
        BrokenGlassKey = await NewGlassAsync();
        Assert.Equal(200, (await Server.PostAsync("api/break-glass", BrokenGlassKey, """{"reason":"a test"}""")).Status);
        Nobodies = new Dictionary<string, string?>
        {
            ["none"] = null,
            ["malformed"] = "ind_x_" + new string('A', 43),
            ["unknown"] = "ind_a_" + new string('A', 43),
            ["revoked"] = revoked,
            ["expired"] = expired,
            ["replaced, after its overlap"] = Text(old, "key"),
            ["of a disabled principal"] = disabled,
            ["behind glass, after its hour"] = spent,
        };
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>A key that waits behind glass.</summary>
    public async Task<string> NewGlassAsync() => Text(await PostAsync("api/keys", """{"kind":"admin","break_glass":true}"""), "key");

    /// <summary>A name that nothing has yet.</summary>
    public string Fresh() => "n" + Interlocked.Increment(ref _fresh).ToString(CultureInfo.InvariantCulture);

    /// <summary>A principal of acme whom nobody would miss.</summary>
    public async Task<string> NewPrincipalAsync()
    {
        string name = "acme/" + Fresh();
        await PostAsync("api/principals", $$"""{"name":"{{name}}","kind":"service"}""");
        return name;
    }

    /// <summary>A key of acme's that nobody would miss, its id.</summary>
    public async Task<string> NewKeyAsync() => Text(await PostAsync("api/keys", $$"""{"kind":"reader","logs":["{{Log}}"],"principal":"acme/{{Fresh()}}"}"""), "id");

    /// <summary>A grant of acme's that nobody would miss, its id.</summary>
    public async Task<string> NewGrantAsync() => Text(await PostAsync("api/grants", $$"""{"principal":"{{await NewPrincipalAsync()}}","role":"reader","logs":["{{Log}}"]}"""), "id");

    /// <summary>A source that <see cref="Log"/> expects, its name.</summary>
    public async Task<string> NewSourceAsync()
    {
        string name = Fresh();
        Assert.Equal(200, (await Server.SendAsync(HttpMethod.Put, $"api/logs/{Log}/sources/expected/{name}", Server.AdminKey, TestServer.Body("""{"service":"billing","interval_s":60}"""u8.ToArray()))).Status);
        return name;
    }

    /// <summary>Enters a principal with one grant, and makes a key that carries it.</summary>
    public async Task<string> MemberAsync(string principal, string role, string kind, string pattern, string terms)
    {
        await PostAsync("api/principals", $$"""{"name":"{{principal}}","kind":"person"}""");
        await PostAsync("api/grants", $$"""{"principal":"{{principal}}","role":"{{role}}","logs":["{{pattern}}"]{{terms}}}""");
        return Text(await PostAsync("api/keys", new JsonObject { ["kind"] = kind, ["principal"] = principal }.ToJsonString()), "key");
    }

    /// <summary>Posts as the administrator of the node, and must succeed.</summary>
    public async Task<JsonElement> PostAsync(string path, string json)
    {
        Answer answer = await Server.PostAsync(path, Server.AdminKey, json);
        Assert.True(answer.Status is 200 or 201, $"{path} {json}: {answer.Status} {answer.Text}");
        return answer.Json;
    }

    private static string Text(JsonElement of, string member) => of.GetProperty(member).GetString()!;
}
