using System.Text.Json;
using Xunit;

namespace Indelible.Server.Tests.Export;

/// <summary>What OCSF 1.9 asks of the classes that exports use: a table of our own, made from the published schema, which is not a part of this project.</summary>
/// <remarks><see cref="OcsfSchema"/> holds an export to the schema itself, where somebody has it.</remarks>
internal static class OcsfRules
{
    private static readonly string[] s_common =
    [
        "activity_id", "activity_name", "category_uid", "category_name", "class_uid", "class_name", "type_uid", "type_name", "time", "severity_id", "severity", "status_id", "status", "status_code", "status_detail", "message",
        "metadata", "unmapped", "action_id", "action", "disposition_id", "disposition", "authorizations", "attestation_list", "actor", "src_endpoint", "http_request", "http_response",
    ];

    // Class; its activities, besides 0 and 99; what it must have; of what it must have one; what else it may have.
    private static readonly Dictionary<int, (int Activities, string[] Must, string[] OneOf, string[] May)> s_classes = new()
    {
        [3002] = (7, ["user"], ["service", "dst_endpoint"], ["is_mfa", "auth_protocol_id", "auth_protocol", "account_switch_type_id", "account_switch_type"]),
        [3003] = (3, ["user"], ["privileges", "groups", "iam_roles"], ["dst_endpoint"]),
        [3004] = (13, ["entity"], [], ["comment"]),
        [3006] = (13, ["group"], [], ["users", "iam_roles", "resources"]),
        [3007] = (19, ["user"], [], ["iam_roles", "privileges", "resources"]),
        [3008] = (11, ["iam_role"], [], ["resources"]),
        [6001] = (8, ["web_resources"], [], ["dst_endpoint"]),
        [6003] = (4, ["actor", "api", "src_endpoint"], [], ["dst_endpoint", "resources", "trace"]),
    };

    public static IEnumerable<int> Classes => s_classes.Keys;

    public static void Check(JsonElement item)
    {
        int uid = item.GetProperty("class_uid").GetInt32();
        (int activities, string[] must, string[] oneOf, string[] may) = s_classes[uid];
        int activity = item.GetProperty("activity_id").GetInt32();
        Assert.True((activity >= 1 && activity <= activities) || activity == 99, $"{uid} has no activity {activity}");
        Assert.Equal(uid / 1000, item.GetProperty("category_uid").GetInt32());
        Assert.Equal((uid * 100L) + activity, item.GetProperty("type_uid").GetInt64());
        Assert.NotEmpty(item.GetProperty("activity_name").GetString()!);
        Assert.Equal(JsonValueKind.Number, item.GetProperty("time").ValueKind);
        Assert.InRange(item.GetProperty("severity_id").GetInt32(), 0, 6);
        Assert.InRange(item.GetProperty("status_id").GetInt32(), 0, 2);
        JsonElement metadata = item.GetProperty("metadata");
        Assert.Equal("1.9.0", metadata.GetProperty("version").GetString());
        Assert.NotEmpty(metadata.GetProperty("product").GetProperty("name").GetString()!);
        Assert.All(must, name => Assert.True(item.TryGetProperty(name, out _), $"{uid} lacks {name}"));
        Assert.True(oneOf.Length == 0 || oneOf.Any(name => item.TryGetProperty(name, out _)), $"{uid} has none of {string.Join(", ", oneOf)}");
        Assert.Empty(item.EnumerateObject().Select(member => member.Name).Except([.. s_common, .. must, .. oneOf, .. may]));
        foreach (string name in (string[])["user", "group", "iam_role", "entity"])
        {
            Assert.True(!item.TryGetProperty(name, out JsonElement value) || HasOne(value, "uid", "name"), name);
        }

        Assert.True(!item.TryGetProperty("src_endpoint", out JsonElement source) || HasOne(source, "ip", "uid", "name", "hostname"), "src_endpoint");
        Assert.True(!item.TryGetProperty("api", out JsonElement api) || HasOne(api, "operation"), "api");
        Assert.True(!item.TryGetProperty("http_response", out JsonElement response) || HasOne(response, "code"), "http_response");
        Assert.True(!item.TryGetProperty("actor", out JsonElement actor) || HasOne(actor, "user", "app_uid"), "actor");
    }

    private static bool HasOne(JsonElement value, params string[] names) => names.Any(name => value.TryGetProperty(name, out _));
}
