using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Cli.Demo;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Export;

/// <summary>OCSF: every event in a class that fits it, with what that class asks for, and nothing of it lost.</summary>
public sealed class OcsfTests(TestServer server) : IClassFixture<TestServer>
{
    private static readonly string?[] s_categories = [null, "authentication", "authorization", "data_access", "data_change", "identity_admin", "config", "session", "file", "system", "audit", "application"];

    private static readonly string?[] s_operations =
    [
        null, "create", "read", "update", "delete", "list", "search", "execute", "login", "logout", "grant", "revoke", "approve", "reject", "export", "import", "share", "move", "enable", "disable", "connect", "other",
    ];

    private static readonly string[][] s_targets = [[], ["invoice"], ["user_account"], ["user", "role"], ["group", "user"], ["role", "permission"], ["api_key"], ["policy", "mfa_device"]];

    [Fact]
    public async Task Whatever_is_logged_is_an_event_of_its_class()
    {
        TestLog log = await server.NewLogAsync();
        foreach (string?[] categories in s_categories.Chunk(4))
        {
            string lines = string.Join('\n', from category in categories from operation in s_operations from targets in s_targets select Plain(category, operation, targets));
            Answer appended = await log.AppendAsync(lines, "", "application/x-ndjson");
            Assert.True(appended.Status == 201, appended.Text);
        }

        Exported export = await Exported.TakeAsync(log, "?format=ocsf");

        Assert.Equal(s_categories.Length * s_operations.Length * s_targets.Length, export.Items.Count);
        Assert.All(export.Items, OcsfRules.Check);
        Assert.Equal(OcsfRules.Classes.Order(), export.Items.Select(item => item.GetProperty("class_uid").GetInt32()).Distinct().Order());
        CheckSchema(export.Items);
    }

    [Fact]
    public async Task The_demonstration_is_valid_and_an_event_with_everything_keeps_everything()
    {
        TestLog log = await server.NewLogAsync();
        string[] demo = [.. new DemoCompany(DemoCompany.DefaultSeed, DemoCompany.DefaultEnd, 3_000).Claims().Select(claim => Encoding.UTF8.GetString(claim.Span))];
        Assert.Equal(201, (await log.AppendAsync(string.Join('\n', demo.Append(Full())), "", "application/x-ndjson")).Status);

        Exported export = await Exported.TakeAsync(log, "?format=ocsf");

        Assert.All(export.Items, OcsfRules.Check);
        CheckSchema(export.Items);
        string line = export.Lines[^1];
        JsonElement item = (await log.GetAsync("events?limit=1")).Json.GetProperty("items")[0];
        Assert.All(ValuesOf(JsonElement.Parse(Full())), value => Assert.True(line.Contains(value, StringComparison.OrdinalIgnoreCase), $"{value} is not in {line}"));
        Assert.Contains(Convert.ToHexStringLower(item.GetProperty("leaf_hash").GetBytesFromBase64()), line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("authentication", "login", "session.sign_in", new string[0], 3002, 1)]
    [InlineData("session", "logout", "session.sign_out", new string[0], 3002, 2)]
    [InlineData("session", "grant", "session.elevate", new[] { "role" }, 3003, 3)]
    [InlineData("identity_admin", "create", "user.create", new[] { "user" }, 3007, 1)]
    [InlineData("identity_admin", "update", "user.password.reset", new[] { "user" }, 3007, 9)]
    [InlineData("identity_admin", "update", "user.lock", new[] { "user" }, 3007, 6)]
    [InlineData("identity_admin", "disable", "user.mfa.disable", new[] { "user" }, 3007, 13)]
    [InlineData("identity_admin", "grant", "role.assign", new[] { "user", "role" }, 3007, 16)]
    [InlineData("identity_admin", "create", "key.create", new[] { "api_key" }, 3007, 18)]
    [InlineData("identity_admin", "grant", "team.join", new[] { "user", "team" }, 3006, 3)]
    [InlineData("identity_admin", "create", "role.create", new[] { "role" }, 3008, 1)]
    [InlineData("config", "disable", "alerting.switch_off", new[] { "rule" }, 3004, 9)]
    [InlineData("data_access", "export", "patient_record.export", new[] { "patient_record" }, 6001, 7)]
    [InlineData("data_access", "read", "patient_record.read", new[] { "patient_record" }, 6003, 2)]
    [InlineData("data_change", "approve", "invoice.approve", new[] { "invoice" }, 6003, 99)]
    public async Task Category_operation_and_targets_decide_the_class_and_the_activity(string category, string operation, string action, string[] targets, int uid, int activity)
    {
        TestLog log = await server.NewLogAsync();
        JsonObject plain = JsonNode.Parse(Plain(category, operation, targets))!.AsObject();
        plain["action"] = action;
        Assert.Equal(201, (await log.AppendAsync(plain.ToJsonString())).Status);

        JsonElement item = Assert.Single((await Exported.TakeAsync(log, "?format=ocsf")).Items);

        Assert.Equal((uid, activity), (item.GetProperty("class_uid").GetInt32(), item.GetProperty("activity_id").GetInt32()));
        Assert.Equal(activity == 99 ? operation : item.GetProperty("activity_name").GetString(), item.GetProperty("activity_name").GetString());
        OcsfRules.Check(item);
    }

    [Fact]
    public async Task Masked_values_are_a_word_among_what_is_not_mapped()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync(TestLog.Event("a", ("actor.name", "\"Ada\""), ("source.ip", "\"192.0.2.7\"")));
        Answer made = await server.PostAsync("api/keys", server.AdminKey, $$"""{"kind":"reader","logs":["{{log.Name}}"],"personal":"hidden"}""");

        JsonElement masked = Assert.Single((await Exported.TakeAsync(log, "?format=ocsf", made.Json.GetProperty("key").GetString())).Items);
        JsonElement shown = Assert.Single((await Exported.TakeAsync(log, "?format=ocsf")).Items);

        OcsfRules.Check(masked);
        Assert.Equal("unknown", masked.GetProperty("src_endpoint").GetProperty("name").GetString());
        Assert.Equal(("[masked]", "[masked]"), (masked.GetProperty("unmapped").GetProperty("actor").GetProperty("name").GetString(), masked.GetProperty("unmapped").GetProperty("source").GetProperty("ip").GetString()));
        Assert.Equal(("192.0.2.7", "Ada"), (shown.GetProperty("src_endpoint").GetProperty("ip").GetString(), shown.GetProperty("actor").GetProperty("user").GetProperty("name").GetString()));
    }

    private static void CheckSchema(IReadOnlyList<JsonElement> items)
    {
        if (Environment.GetEnvironmentVariable("INDELIBLE_OCSF_SCHEMA") is { Length: > 0 } folder)
        {
            var schema = new OcsfSchema(folder);
            string[] faults = [.. items.SelectMany(item => schema.Check(item).Select(fault => $"{item.GetProperty("class_uid")}: {fault}")).Distinct()];
            Assert.True(faults.Length == 0, string.Join('\n', faults));
        }
    }

    private static string Plain(string? category, string? operation, string[] targets)
    {
        JsonObject plain = JsonNode.Parse(TestLog.Event($"{category}-{operation}-{string.Join('-', targets)}"))!.AsObject();
        if (category is not null)
        {
            plain["category"] = category;
        }

        if (operation is not null)
        {
            plain["operation"] = operation;
        }

        if (targets.Length > 0)
        {
            plain["targets"] = new JsonArray([.. targets.Select((type, i) => (JsonNode)new JsonObject { ["type"] = type, ["id"] = string.Create(CultureInfo.InvariantCulture, $"t-{i}"), ["owner"] = "o-1" })]);
        }

        return plain.ToJsonString();
    }

    private static string Full() => """
        {"schema":"audit/1","id":"full-1","time":"2026-11-23T06:14:25.1234567Z","observed_time":"2026-11-23T06:14:26Z","action":"patient_record.read","category":"data_access","operation":"read","outcome":"failure",
        "outcome_code":"E77","outcome_reason":"NOT_ON_WARD","decision":{"effect":"deny","policy":"CareTeamOnly","rule":"same-ward","version":"42","reason":"another ward"},
        "actor":{"id":"u-8472","type":"ai_agent","name":"Ada Lovelace","email":"ada@example.org","roles":["nurse"],"groups":["ward-3"],"privileged":false,"issuer":"https://idp.example","on_behalf_of":[{"id":"u-9","type":"user","name":"Grace"}],
        "agent":{"name":"helper","model":"m-1","version":"7","run_id":"run-5"}},"auth":{"method":"oidc","mfa":true,"credential_id":"cred-1","session_id":"s-77"},
        "targets":[{"type":"patient_record","id":"p-1001","name":"Record","parent":"ward-3","owner":"u-10","classification":"phi","fields":["medication"],"count":17,"href":"https://ehr.example/p"},{"type":"letter","id":"l-2","classification":"internal"}],
        "data_subjects":["subj-5f0c"],"source":{"ip":"2001:db8::7","forwarded_for":["192.0.2.9"],"port":4711,"hostname":"pc-12","device_id":"dev-3","user_agent":"Edge/140"},
        "service":{"name":"ehr-web","version":"3.2.1","instance_id":"i-4","environment":"prod","host":"node-6"},
        "request":{"id":"req-1","protocol":"http/2","method":"GET","route":"/patients/{id}","path":"/patients/p-1001","status":403,"duration_ms":1234,"bytes_in":55,"bytes_out":5120},
        "trace":{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","correlation_id":"corr-8","causation_id":"cause-9"},
        "changes":[{"path":"/x","op":"replace","old":"before-1","new":"after-2"}],"reason":{"text":"round","ticket":"T-815","break_glass":true},"message":"Ada looked at a record.",
        "labels":{"team":"blue"},"data":{"depth":{"note":"deep-3"}},"truncated":[{"path":"/data/long","original_bytes":99999}],"producer":{"stream_id":"stream-1","seq":18234}}
        """.ReplaceLineEndings("");

    /// <summary>Every text and number that an event has.</summary>
    private static IEnumerable<string> ValuesOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Where(member => member.Name is not "schema").SelectMany(member => ValuesOf(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().SelectMany(ValuesOf),
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Number => [value.GetRawText()],
        _ => [],
    };
}
