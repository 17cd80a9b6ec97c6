using System.Text;
using System.Text.Json;
using CsCheck;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Access;

/// <summary>Attempts to get more than one has: each is refused, and nothing is entered.</summary>
[Collection(CastCollection.Name)]
public sealed class EscalationTests(Cast cast)
{
    /// <summary>Who tries; the first is the administrator of a tenant, the second of one log of it, the others of nothing.</summary>
    private static readonly (string Part, string Reach)[] s_who =
    [
        ("admin", "tenant"), ("admin", "log"), ("admin", "other-tenant"), ("auditor", "tenant"), ("auditor", "node"), ("writer", "node"), ("reader", "node"), ("analyst", "node"), ("officer", "node"), ("custodian", "node"),
    ];

    /// <summary>What none of them may do.</summary>
    private static readonly string[] s_forNobody =
    [
        """POST api/keys {"kind":"reader","logs":["open.pay"]}""",
        """POST api/keys {"kind":"reader","logs":["open.*"]}""",
        """POST api/keys {"kind":"reader","logs":["*"]}""",
        """POST api/keys {"kind":"reader","logs":["acme.pay","open.pay"]}""",
        """POST api/keys {"kind":"reader","logs":["acme.pay","beta.pay"]}""",
        """POST api/keys {"kind":"reader","logs":["_system"]}""",
        """POST api/keys {"kind":"reader","logs":["_access"]}""",
        """POST api/keys {"kind":"reader","logs":["acme.pay","_access"]}""",
        """POST api/keys {"kind":"writer","logs":["_system"],"principal":"acme/x"}""",
        """POST api/keys {"kind":"admin","logs":["_access"],"principal":"acme/x"}""",
        """POST api/keys {"kind":"admin"}""",
        """POST api/keys {"kind":"admin","principal":"acme/nobody-yet"}""",
        """POST api/keys {"kind":"admin","logs":["*"]}""",
        """POST api/keys {"kind":"admin","logs":["open.*"]}""",
        """POST api/keys {"kind":"admin","role":"custodian","logs":["acme.pay"]}""",
        """POST api/keys {"kind":"admin","role":"custodian","logs":["acme.*"],"principal":"acme/x"}""",
        """POST api/keys {"kind":"admin","break_glass":true}""",
        """POST api/keys {"kind":"admin","logs":["acme.pay"],"break_glass":true}""",
        """POST api/keys {"kind":"writer","logs":["acme.pay"],"scopes":["append","read"]}""",
        """POST api/keys {"kind":"writer","role":"reader","logs":["acme.pay"]}""",
        .. ((string[])["indelible", "anonymous", "administrator", "reader-node", "ACME/x", "open/x", "аcme/x", "acme", "/x", "//x", "acme.pay/x", "../acme/x", " acme/x", "acme∕x", "acme%2fx", "acme/../x", "acme//x", "acme/./x", "acme/", "acme/аdmin", "acme/x y"])
            .Select(name => $$"""POST api/keys {"kind":"reader","logs":["acme.pay"],"principal":"{{name}}"}"""),
        """POST api/keys {"kind":"reader","principal":"reader-node"}""",
        """POST api/keys {"kind":"admin","principal":"admin-node"}""",
        """POST api/keys {"kind":"admin","principal":"custodian-node"}""",
        """POST api/keys {"kind":"admin","principal":"acme/custodian-tenant"}""",
        """POST api/keys {"kind":"admin","principal":"acme/custodian-log","scopes":["custody"]}""",
        "POST api/keys/NODEKEY/replace {\"overlap_s\":0}",
        "POST api/keys/CUSTODIANKEY/replace {\"overlap_s\":0}",
        "DELETE api/keys/NODEKEY",
        .. ((string[])["x", "open/x", "indelible", "anonymous", "ACME/x", "аcme/x", "acme", "acme/../x", "acme//x", "acme/.", "acme/", "/x", "acme/x y", "acme/\\u202ex", "acme∕x"])
            .Select(name => $$"""POST api/principals {"name":"{{name}}","kind":"service"}"""),
        "POST api/principals/disable/reader-node {}",
        "POST api/principals/disable/administrator {}",
        "POST api/principals/disable/open/x {}",
        "POST api/principals/enable/reader-node {}",
        """POST api/grants {"principal":"reader-node","role":"reader","logs":["acme.pay"]}""",
        """POST api/grants {"principal":"indelible","role":"reader","logs":["acme.pay"]}""",
        """POST api/grants {"principal":"acme/no-such","role":"reader","logs":["acme.pay"]}""",
        .. ((string[])["open.pay", "open.*", "*", "acme*", "a*", "acme.**", "*.pay", "acme", "acme.i2.*", "ACME.*", "acme.pay.i2", "beta.pay\",\"acme.pay"])
            .Select(log => $$"""POST api/grants {"principal":"acme/reader-log","role":"reader","logs":["{{log}}"]}"""),
        """POST api/grants {"principal":"acme/reader-log","role":"custodian","logs":["acme.pay"]}""",
        """POST api/grants {"principal":"acme/reader-log","role":"custodian","logs":["acme.*"]}""",
        """POST api/grants {"principal":"acme/reader-log","role":"writer","logs":["_system"]}""",
        """POST api/grants {"principal":"acme/reader-log","role":"administrator","logs":["_access"]}""",
        """POST api/grants {"principal":"acme/reader-log","role":"administrator","logs":["*"]}""",
        """POST api/grants {"principal":"acme/reader-log","role":"privacy_officer","logs":["_access"]}""",
        """POST api/grants {"principal":"acme/reader-log","role":"reader","logs":["acme.pay"],"rows":"actor.name:x"}""",
        "DELETE api/grants/NODEGRANT",
        .. ((string[])["new", "open.new", "acme", "acmex.new", "_new", "_system", "acme.new.i2", "ACME.new", "acme/new"]).Select(name => $$"""POST api/logs {"name":"{{name}}"}"""),
        """PUT api/logs/open.pay/sources/expected/x {"service":"x","interval_s":60}""",
        """PUT api/logs/_access/sources/expected/x {"service":"x","interval_s":60}""",
        "DELETE api/logs/open.pay/sources/expected/x",
        """POST api/break-glass {"reason":"because"}""",
    ];

    /// <summary>What the administrator of the tenant alone may do.</summary>
    private static readonly string[] s_forTheTenantsAdministrator =
    [
        """POST api/keys {"kind":"reader","logs":["acme.hr"]}""",
        """POST api/keys {"kind":"reader","logs":["acme.*"]}""",
        """POST api/keys {"kind":"reader","logs":["acme.pay","acme.hr"]}""",
        """POST api/keys {"kind":"reader","logs":["acme.pay"],"principal":"acme/NEW"}""",
        """POST api/keys {"kind":"reader","principal":"acme/reader-tenant"}""",
        """POST api/keys {"kind":"admin","principal":"acme/admin-tenant"}""",
        """POST api/keys {"kind":"reader","logs":["_access"],"principal":"acme/NEW"}""",
        "POST api/keys/KEY/replace {\"overlap_s\":0}",
        "DELETE api/keys/KEY",
        """POST api/principals {"name":"acme/NEW","kind":"service"}""",
        "POST api/principals/disable/PRINCIPAL {}",
        """POST api/grants {"principal":"PRINCIPAL","role":"reader","logs":["acme.pay"]}""",
        """POST api/grants {"principal":"PRINCIPAL","role":"administrator","logs":["acme.*"]}""",
        """POST api/grants {"principal":"PRINCIPAL","role":"auditor","logs":["_access"]}""",
        "DELETE api/grants/GRANT",
        """POST api/logs {"name":"acme.NEW"}""",
    ];

    public static TheoryData<string> ForNobody() => new(s_forNobody);

    public static TheoryData<string> ForTheTenantsAdministrator() => new(s_forTheTenantsAdministrator);

    private long SystemSize => cast.Server.Engine.Find("_system")!.Size;

    [Theory]
    [MemberData(nameof(ForNobody))]
    public async Task Nobody_gets_more_than_he_has(string attempt)
    {
        string filled = await FillAsync(attempt);
        long before = SystemSize;
        foreach ((string part, string reach) in s_who)
        {
            Answer answer = await TryAsync(filled, cast.KeyOf(part, reach));

            Assert.True(answer.Status is >= 400 and < 500, $"{part} {reach}: {attempt}: {answer.Status} {answer.Text}");
            Assert.Equal(before, SystemSize);
        }
    }

    [Theory]
    [MemberData(nameof(ForTheTenantsAdministrator))]
    public async Task What_a_tenants_administrator_may_do_nobody_below_him_may(string attempt)
    {
        foreach ((string part, string reach) in s_who.Skip(1))
        {
            string filled = await FillAsync(attempt);
            long before = SystemSize;
            Answer answer = await TryAsync(filled, cast.KeyOf(part, reach));

            Assert.True(answer.Status is >= 400 and < 500, $"{part} {reach}: {attempt}: {answer.Status} {answer.Text}");
            Assert.Equal(before, SystemSize);
        }

        Answer done = await TryAsync(await FillAsync(attempt), cast.KeyOf("admin", "tenant"));
        Assert.True(done.Status is >= 200 and < 300, $"{attempt}: {done.Status} {done.Text}");
    }

    [Fact]
    public async Task A_row_limit_tells_nothing_of_what_another_tenants_log_keeps_personal()
    {
        await cast.PostAsync("api/logs", """{"name":"beta.patients","personal":["/data/ward"]}""");

        string[] answers = [.. await Task.WhenAll(((string[])["beta.patients", "beta.no-such", "beta.*", "*"]).Select(async log => (await cast.Server.PostAsync(
            "api/grants", cast.KeyOf("admin", "tenant"), $$"""{"principal":"acme/reader-log","role":"reader","logs":["{{log}}"],"rows":"data.ward:7"}""")).Text.Replace(log, "LOG", StringComparison.Ordinal)))];

        Assert.Single(answers.Distinct());
    }

    /// <remarks>Each change is by chance, by the tenant's administrator or by whom he has made one; what is compared is who can do what with logs that are none of his.</remarks>
    [Fact]
    public async Task After_whatever_a_tenants_administrators_do_nobody_can_do_more_or_less_outside_of_the_tenant()
    {
        // Principals that no other test has anything to do with; one of them a custodian, whom no administrator of a tenant can make.
        await cast.MemberAsync("acme/keeper", "custodian", "admin", "acme.*", "");
        string[] outside = ["beta.pay", "open.pay", "main", "_alerts"];
        string before = await OutsideAsync(outside);
        (string, int)[] custodians = await CustodiansAsync();
        Gen<(int Who, int What, int Name, int Logs, int Role)> change = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 9], Gen.Int[0, 9], Gen.Int[0, 9], Gen.Int[0, 6]);
        int accepted = 0;
        await change.Array[8, 20].SampleAsync(
            async changes =>
            {
                List<string> admins = [await NewAdministratorAsync()];
                List<string> keys = [];
                List<string> grants = [];
                foreach ((int who, int what, int name, int logs, int role) in changes)
                {
                    Answer answer = await TryAsync(AttemptOf(what, name, logs, role, keys, grants), admins[who % admins.Count]);
                    Assert.True(answer.Status < 500, answer.Text);
                    if (answer.Status != 201)
                    {
                        continue;
                    }

                    accepted++;
                    if (answer.Json.TryGetProperty("key", out JsonElement text))
                    {
                        keys.Add(answer.Json.GetProperty("id").GetString()!);
                        admins.AddRange(answer.Json.GetProperty("kind").GetString() == "admin" ? [text.GetString()!] : []);
                    }
                    else if (answer.Json.GetProperty(answer.Json.TryGetProperty("id", out _) ? "id" : "name").GetString() is { } id && id.StartsWith("g-", StringComparison.Ordinal))
                    {
                        grants.Add(id);
                    }
                }

                Assert.Equal(before, await OutsideAsync(outside));
                Assert.Equal(custodians, await CustodiansAsync());
            },
            iter: 25,
            threads: 1);
        Assert.True(accepted > 25, $"Only {accepted} changes were accepted.");
    }

    /// <summary>An administrator of tenant acme whom the changes of other rounds did not touch.</summary>
    private async Task<string> NewAdministratorAsync() => await cast.MemberAsync("acme/chief-" + cast.Fresh(), "administrator", "admin", "acme.*", "");

    private static string AttemptOf(int what, int name, int logs, int role, List<string> keys, List<string> grants)
    {
        string who = ((string[])["acme/a", "acme/b", "acme/c", "acme/d", "acme/e", "acme/keeper", "acme/../x", "beta/x", "beta/reader-other-tenant", "administrator"])[name];
        string pattern = ((string[])["acme.*", "acme.pay", "acme.hr", "acme.new", "*", "beta.*", "beta.pay", "_access", "_system", "acme"])[logs];
        string word = Visibility.Words.Roles[role];
        string kind = word switch { "writer" => "writer", "administrator" or "custodian" => "admin", _ => "reader" };
        return what switch
        {
            0 => $$"""POST api/principals {"name":"{{who}}","kind":"person"}""",
            1 => $$"""POST api/grants {"principal":"{{who}}","role":"{{word}}","logs":["{{pattern}}"]}""",
            2 => $$"""POST api/grants {"principal":"{{who}}","role":"administrator","logs":["{{pattern}}"]}""",
            3 => $$"""POST api/keys {"kind":"{{kind}}","role":"{{word}}","logs":["{{pattern}}"]}""",
            4 => $$"""POST api/keys {"kind":"{{kind}}","role":"{{word}}","logs":["{{pattern}}"],"principal":"{{who}}"}""",
            5 => $$"""POST api/keys {"kind":"{{kind}}","principal":"{{who}}"}""",
            6 when keys.Count > 0 => $$"""POST api/keys/{{keys[name % keys.Count]}}/replace {"overlap_s":0}""",
            7 when keys.Count > 0 => $"DELETE api/keys/{keys[name % keys.Count]}",
            8 when grants.Count > 0 => $"DELETE api/grants/{grants[name % grants.Count]}",
            _ => $$"""POST api/keys {"kind":"admin","logs":["{{pattern}}"],"principal":"{{who}}"}""",
        };
    }

    /// <summary>Who can do what with some logs, as the node's administrator is told.</summary>
    private async Task<string> OutsideAsync(IEnumerable<string> logs)
    {
        var all = new StringBuilder();
        foreach (string log in logs)
        {
            all.AppendLine((await cast.Server.GetAsync("api/access?log=" + log, cast.Server.AdminKey)).Json.GetProperty("principals").GetRawText());
        }

        return all.ToString();
    }

    /// <summary>Who can rotate the key of a log of the tenant, with how many credentials.</summary>
    private async Task<(string, int)[]> CustodiansAsync() =>
    [
        .. (await cast.Server.GetAsync("api/access?right=custody&log=" + Cast.Log, cast.Server.AdminKey)).Json.GetProperty("principals").EnumerateArray()
            .Select(principal => (principal.GetProperty("name").GetString()!, principal.GetProperty("credentials").GetArrayLength())),
    ];

    private async Task<Answer> TryAsync(string attempt, string key)
    {
        string[] parts = attempt.Split(' ', 3);
        return await cast.Server.SendAsync(new HttpMethod(parts[0]), parts[1], key, parts.Length > 2 ? TestServer.Body(Encoding.UTF8.GetBytes(parts[2])) : null);
    }

    private async Task<string> FillAsync(string attempt)
    {
        foreach ((string word, Func<Task<string>> make) in new (string, Func<Task<string>>)[]
        {
            ("NODEKEY", () => IdOfKeyAsync("administrator")),
            ("CUSTODIANKEY", () => IdOfKeyAsync("acme/custodian-tenant")),
            ("NODEGRANT", async () => (await cast.Server.GetAsync("api/grants", cast.Server.AdminKey)).Json.GetProperty("grants").EnumerateArray().First(grant => grant.GetProperty("principal").GetString() == "reader-node").GetProperty("id").GetString()!),
            ("PRINCIPAL", cast.NewPrincipalAsync),
            ("KEY", cast.NewKeyAsync),
            ("GRANT", cast.NewGrantAsync),
            ("NEW", () => Task.FromResult(cast.Fresh())),
        })
        {
            if (attempt.Contains(word, StringComparison.Ordinal))
            {
                attempt = attempt.Replace(word, await make(), StringComparison.Ordinal);
            }
        }

        return attempt;
    }

    private async Task<string> IdOfKeyAsync(string principal) => (await cast.Server.GetAsync("api/keys", cast.Server.AdminKey)).Json.GetProperty("keys").EnumerateArray()
        .First(key => key.GetProperty("principal").GetString() == principal && !key.GetProperty("revoked").GetBoolean()).GetProperty("id").GetString()!;
}
