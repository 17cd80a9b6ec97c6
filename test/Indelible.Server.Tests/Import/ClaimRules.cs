using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Indelible.Server.Tests.Import;

/// <summary>The field rules of schema <c>audit/1</c>, written down a second time: what makes claims is not asked whether they fit.</summary>
internal static class ClaimRules
{
    private static readonly string[] Categories =
    [
        "authentication", "authorization", "data_access", "data_change", "identity_admin", "config", "session", "file", "system", "audit", "application",
    ];

    private static readonly string[] Operations =
    [
        "create", "read", "update", "delete", "list", "search", "execute", "login", "logout", "grant", "revoke", "approve", "reject", "export",
        "import", "share", "move", "enable", "disable", "connect", "other",
    ];

    private static readonly Dictionary<string, string[]> Members = new()
    {
        [""] =
        [
            "schema", "id", "time", "observed_time", "kind", "action", "category", "operation", "outcome", "outcome_code", "outcome_reason", "decision",
            "actor", "auth", "targets", "data_subjects", "source", "service", "request", "trace", "relates_to", "changes", "reason", "message", "labels",
            "data", "truncated", "producer",
        ],
        ["actor"] = ["id", "type", "name", "email", "roles", "groups", "privileged", "issuer", "on_behalf_of", "agent"],
        ["auth"] = ["method", "mfa", "credential_id", "session_id"],
        ["decision"] = ["effect", "reason", "policy", "rule", "version"],
        ["source"] = ["ip", "forwarded_for", "port", "hostname", "device_id", "user_agent"],
        ["service"] = ["name", "version", "instance_id", "environment", "host"],
        ["request"] = ["id", "protocol", "method", "route", "path", "status", "duration_ms", "bytes_in", "bytes_out"],
        ["trace"] = ["trace_id", "span_id", "correlation_id", "causation_id"],
        ["reason"] = ["text", "ticket", "break_glass"],
        ["producer"] = ["stream_id", "seq", "end"],
    };

    private static readonly Dictionary<string, int> Texts = new()
    {
        ["outcome_code"] = 64,
        ["outcome_reason"] = 1024,
        ["message"] = 1024,
        ["relates_to"] = 128,
        ["decision.reason"] = 1024,
        ["decision.policy"] = 256,
        ["decision.rule"] = 256,
        ["decision.version"] = 256,
        ["actor.id"] = 256,
        ["actor.name"] = 256,
        ["actor.email"] = 256,
        ["actor.issuer"] = 512,
        ["auth.method"] = 64,
        ["auth.credential_id"] = 128,
        ["auth.session_id"] = 128,
        ["source.hostname"] = 255,
        ["source.user_agent"] = 512,
        ["service.name"] = 128,
        ["service.version"] = 128,
        ["service.instance_id"] = 128,
        ["service.environment"] = 128,
        ["request.id"] = 128,
        ["request.protocol"] = 32,
        ["request.method"] = 32,
        ["request.route"] = 512,
        ["request.path"] = 2048,
        ["trace.correlation_id"] = 128,
        ["trace.causation_id"] = 128,
        ["reason.text"] = 1024,
        ["reason.ticket"] = 128,
    };

    public static JsonElement Check(ReadOnlyMemory<byte> utf8)
    {
        Assert.InRange(utf8.Length, 2, 65_535);
        JsonElement claim = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 32 }).RootElement;
        Matches("^audit/1$", claim, "schema");
        Matches(@"^[A-Za-z0-9._:-]{1,128}\z", claim, "id");
        Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z\z", claim, "time");
        Matches(@"^[a-z0-9]+([._-][a-z0-9]+){0,7}\z", claim, "action");
        Assert.True(Text(claim, "action")!.Length <= 128);
        OneOf(claim, "category", Categories);
        OneOf(claim, "operation", Operations);
        OneOf(claim, "outcome", ["success", "failure", "unknown"]);
        OneOf(claim, "actor.type", ["user", "service", "system", "ai_agent", "anonymous", "unknown"]);
        OneOf(claim, "decision.effect", ["allow", "deny", "challenge", "not_evaluated"], required: false);
        OneOf(claim, "kind", ["event", "intent", "outcome", "correction", "annotation", "heartbeat", "lifecycle"], required: false);
        Assert.False(string.IsNullOrEmpty(Text(claim, "actor.id")));
        Assert.False(string.IsNullOrEmpty(Text(claim, "service.name")));
        foreach ((string parent, string[] names) in Members)
        {
            if (Member(claim, parent) is { } value)
            {
                Assert.All(value.EnumerateObject(), member => Assert.Contains(member.Name, names));
                Assert.Equal(value.EnumerateObject().Count(), value.EnumerateObject().DistinctBy(member => member.Name).Count());
            }
        }

        Assert.All(Texts, rule => Assert.True(Encoding.UTF8.GetByteCount(Text(claim, rule.Key) ?? "") <= rule.Value, rule.Key));
        CheckSource(claim);
        CheckTargets(claim);
        CheckLists(claim);
        return claim;
    }

    public static JsonElement? Member(JsonElement value, string path)
    {
        foreach (string name in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
            {
                return null;
            }
        }

        return value;
    }

    public static string? Text(JsonElement value, string path) => Member(value, path)?.GetString();

    private static void CheckSource(JsonElement claim)
    {
        if (Text(claim, "source.ip") is { } ip)
        {
            Assert.Equal(ip, IPAddress.Parse(ip).ToString());
        }

        Matches("^[0-9a-f]{32}$", claim, "trace.trace_id", required: false);
        Matches("^[0-9a-f]{16}$", claim, "trace.span_id", required: false);
        Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", claim, "producer.stream_id", required: false);
        if (Member(claim, "producer.seq") is { } seq)
        {
            Assert.True(seq.GetInt64() >= 1);
        }
    }

    private static void CheckTargets(JsonElement claim)
    {
        JsonElement[] targets = [.. Member(claim, "targets")?.EnumerateArray().AsEnumerable() ?? []];
        Assert.InRange(targets.Length, Text(claim, "category") is "session" or "system" or "authentication" ? 0 : 1, 32);
        foreach (JsonElement target in targets)
        {
            Matches("^[a-z0-9]+([_.][a-z0-9]+)*$", target, "type");
            Assert.True(Text(target, "type")!.Length <= 64);
            Assert.InRange(Encoding.UTF8.GetByteCount(Text(target, "id")!), 1, 512);
            OneOf(target, "classification", ["public", "internal", "confidential", "restricted", "pii", "phi", "pci"], required: false);
            string[] known = ["type", "id", "name", "parent", "owner", "classification", "fields", "count", "href"];
            Assert.All(target.EnumerateObject(), member => Assert.Contains(member.Name, known));
        }
    }

    private static void CheckLists(JsonElement claim)
    {
        foreach (JsonElement change in Member(claim, "changes")?.EnumerateArray().AsEnumerable() ?? [])
        {
            Matches("^(/[^/]*)+$", change, "path");
            OneOf(change, "op", ["add", "remove", "replace"]);
        }

        foreach (JsonProperty label in Member(claim, "labels")?.EnumerateObject().AsEnumerable() ?? [])
        {
            Assert.InRange(label.Name.Length, 1, 64);
            Assert.InRange(Encoding.UTF8.GetByteCount(label.Value.GetString()!), 0, 256);
        }

        foreach (JsonElement cut in Member(claim, "truncated")?.EnumerateArray().AsEnumerable() ?? [])
        {
            Assert.StartsWith("/", Text(cut, "path"), StringComparison.Ordinal);
            Assert.True(cut.GetProperty("original_bytes").GetInt64() > 0);
        }

        if (Text(claim, "kind") is "outcome" or "correction" or "annotation")
        {
            Assert.NotNull(Text(claim, "relates_to"));
        }

        Assert.True(Text(claim, "actor.type") != "ai_agent" || Member(claim, "actor.agent") is not null);
        Assert.True(DateTimeOffset.TryParse(Text(claim, "time"), CultureInfo.InvariantCulture, out _));
    }

    private static void Matches(string form, JsonElement value, string path, bool required = true)
    {
        string? text = Text(value, path);
        Assert.True(!required || text is not null, path);
        if (text is not null)
        {
            Assert.Matches(new Regex(form), text);
        }
    }

    private static void OneOf(JsonElement value, string path, string[] allowed, bool required = true)
    {
        string? text = Text(value, path);
        Assert.True(text is null ? !required : allowed.Contains(text), $"{path}: {text}");
    }
}
