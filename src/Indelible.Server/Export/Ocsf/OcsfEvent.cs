using System.Net;
using System.Text.Json;
using Indelible.Engine.Access;
using Indelible.Events;

namespace Indelible.Server.Export.Ocsf;

/// <summary>Writes an entry as an OCSF event (schema.ocsf.io), version <see cref="Version"/>.</summary>
/// <remarks>docs/export.md has the mapping. Severity is informational: producers give none, and detections carry theirs.</remarks>
internal static class OcsfEvent
{
    /// <summary>The version of the schema.</summary>
    public const string Version = "1.9.0";

    private const string Unknown = "unknown";

    private static readonly string[] s_methods = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

    /// <summary>Writes one.</summary>
    public static void Write(Utf8JsonWriter json, ExportRow row)
    {
        JsonElement entry = row.Json;
        var facts = OcsfFacts.Of(entry);
        OcsfClass kind = OcsfClass.Of(facts);
        var source = new OcsfSource(entry);
        json.WriteStartObject();
        WriteKind(json, kind);
        string time = source.Text("time")!;
        json.WriteNumber("time", Milliseconds(time));
        json.WriteNumber("severity_id", 1);
        json.WriteString("severity", "Informational");
        WriteStatus(json, source);
        WriteText(json, "message", source.Text("message"));
        WriteMetadata(json, row, source, kind, time);
        WriteDecision(json, source);
        WriteActor(json, source, kind);
        WriteEndpoints(json, source, kind);
        WriteHttp(json, source);
        WriteSubject(json, source, kind, facts);
        WriteIntegrity(json, row);
        source.WriteRest(json, "unmapped");
        json.WriteEndObject();
    }

    private static void WriteKind(Utf8JsonWriter json, OcsfClass kind)
    {
        json.WriteNumber("category_uid", kind.Category);
        json.WriteString("category_name", kind.CategoryName);
        json.WriteNumber("class_uid", kind.Uid);
        json.WriteString("class_name", kind.Name);
        json.WriteNumber("activity_id", kind.Activity);
        json.WriteString("activity_name", kind.ActivityName);
        json.WriteNumber("type_uid", kind.TypeUid);
        json.WriteString("type_name", $"{kind.Name}: {(kind.Activity == 99 ? "Other" : kind.ActivityName)}");
    }

    private static void WriteStatus(Utf8JsonWriter json, OcsfSource source)
    {
        (int id, string name) = source.Text("outcome") switch { "success" => (1, "Success"), "failure" => (2, "Failure"), _ => (0, "Unknown") };
        json.WriteNumber("status_id", id);
        json.WriteString("status", name);
        WriteText(json, "status_code", source.Text("outcome_code"));
        WriteText(json, "status_detail", source.Text("outcome_reason"));
    }

    private static void WriteMetadata(Utf8JsonWriter json, ExportRow row, OcsfSource source, OcsfClass kind, string time)
    {
        string log = row.Source.Log.Settings.Name;
        json.WriteStartObject("metadata");
        json.WriteString("version", Version);
        json.WriteString("uid", source.Text("id"));
        json.WriteNumber("sequence", row.Index);
        json.WriteString("original_time", time);
        json.WriteNumber("logged_time", Milliseconds(source.Text("received_at")!));
        json.WriteString("log_name", log);
        json.WriteString("event_code", source.Text("action"));
        WriteText(json, "tenant_uid", Tenant.OfLog(log));
        WriteText(json, "correlation_uid", source.Text("trace.correlation_id"));
        if (source.Peek("truncated.0.path") is not null)
        {
            json.WriteBoolean("is_truncated", true);
        }

        json.WriteStartArray("profiles");
        json.WriteStringValue("security_control");
        json.WriteStringValue("record_integrity");
        if (kind.Uid is OcsfClass.ApiActivity or OcsfClass.WebResources)
        {
            // The one has a trace of its own by it, the other an actor.
            json.WriteStringValue(kind.Uid == OcsfClass.ApiActivity ? "trace" : "host");
        }

        json.WriteEndArray();
        json.WriteStartObject("product");
        json.WriteString("name", source.Text("service.name"));
        WriteText(json, "version", source.Text("service.version"));
        json.WriteEndObject();
        json.WriteStartObject("reporter");
        json.WriteString("name", "Indelible");
        json.WriteString("uid", row.Source.Log.Settings.Origin);
        json.WriteEndObject();
        if (source.Any("labels") is { } labels)
        {
            json.WriteStartArray("tags");
            foreach (JsonProperty label in labels.EnumerateObject())
            {
                json.WriteStartObject();
                json.WriteString("name", label.Name);
                json.WriteString("value", label.Value.GetString());
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteDecision(Utf8JsonWriter json, OcsfSource source)
    {
        if (source.Text("decision.effect") is not { } effect)
        {
            return;
        }

        (int action, string actionName, int disposition, string dispositionName) = effect switch
        {
            "allow" => (1, "Allowed", 1, "Allowed"),
            "deny" => (2, "Denied", 2, "Blocked"),
            "challenge" => (99, "challenge", 23, "Challenge"),
            _ => (0, "Unknown", 0, "Unknown"),
        };
        json.WriteNumber("action_id", action);
        json.WriteString("action", actionName);
        json.WriteNumber("disposition_id", disposition);
        json.WriteString("disposition", dispositionName);
        json.WriteStartArray("authorizations");
        json.WriteStartObject();
        json.WriteString("decision", effect);
        if ((source.Peek("decision.policy") ?? source.Peek("decision.rule")) is not null)
        {
            json.WriteStartObject("policy");
            WriteText(json, "name", source.Text("decision.policy"));
            WriteText(json, "uid", source.Text("decision.rule"));
            WriteText(json, "version", source.Text("decision.version"));
            WriteText(json, "desc", source.Text("decision.reason"));
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteActor(Utf8JsonWriter json, OcsfSource source, OcsfClass kind)
    {
        string type = source.Text("actor.type")!;
        string id = source.Text("actor.id")!;
        json.WriteStartObject("actor");
        if (type == "service")
        {
            json.WriteString("app_uid", id);
        }

        json.WritePropertyName("user");
        WriteUser(json, source, type, id);
        WriteSession(json, source, kind);
        json.WriteEndObject();
        if (kind.Uid == OcsfClass.Authentication)
        {
            // Who signs in is the actor: the event has nobody else in it.
            json.WriteStartObject("user");
            WriteUserMembers(json, type, id, source.Peek("actor.name"), source.Peek("actor.email"));
            json.WriteEndObject();
        }
    }

    private static void WriteUser(Utf8JsonWriter json, OcsfSource source, string type, string id)
    {
        json.WriteStartObject();
        WriteUserMembers(json, source.Boolean("actor.privileged") == true && type == "user" ? "admin" : type, id, source.Text("actor.name"), source.Text("actor.email"));
        IReadOnlyList<string> groups = source.Texts("actor.groups");
        if (groups.Count > 0)
        {
            json.WriteStartArray("groups");
            foreach (string group in groups)
            {
                json.WriteStartObject();
                json.WriteString("name", group);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteUserMembers(Utf8JsonWriter json, string type, string id, string? name, string? email)
    {
        (int typeId, string typeName) = type switch { "user" => (1, "User"), "admin" => (2, "Admin"), "system" => (3, "System"), "service" => (4, "Service"), "ai_agent" => (99, "ai_agent"), _ => (0, "Unknown") };
        json.WriteString("uid", id);
        json.WriteNumber("type_id", typeId);
        json.WriteString("type", typeName);
        WriteText(json, "name", name);
        WriteText(json, "email_addr", email);
    }

    private static void WriteSession(Utf8JsonWriter json, OcsfSource source, OcsfClass kind)
    {
        if (source.Peek("auth.session_id") is null && source.Peek("auth.credential_id") is null)
        {
            return;
        }

        json.WriteStartObject("session");
        WriteText(json, "uid", source.Text("auth.session_id"));
        WriteText(json, "credential_uid", source.Text("auth.credential_id"));
        WriteText(json, "issuer", source.Text("actor.issuer"));
        if (kind.Uid != OcsfClass.Authentication && source.Boolean("auth.mfa") is { } isMfa)
        {
            json.WriteBoolean("is_mfa", isMfa);
        }

        json.WriteEndObject();
    }

    private static void WriteEndpoints(Utf8JsonWriter json, OcsfSource source, OcsfClass kind)
    {
        string? ip = source.Peek("source.ip") is { } address && IPAddress.TryParse(address, out _) ? source.Text("source.ip") : null;
        string? hostname = source.Text("source.hostname");
        string? device = source.Text("source.device_id");
        if ((ip ?? hostname ?? device) is not null || kind.Uid == OcsfClass.ApiActivity)
        {
            json.WriteStartObject("src_endpoint");
            WriteText(json, "ip", ip);
            WriteText(json, "hostname", hostname);
            WriteText(json, "uid", device);

            // Of a call through an interface the schema wants a source, and no event need have one to be seen.
            WriteText(json, "name", (ip ?? hostname ?? device) is null ? Unknown : null);
            if (source.Integer("source.port") is { } port)
            {
                json.WriteNumber("port", port);
            }

            json.WriteEndObject();
        }

        if (kind.Uid is OcsfClass.Authentication or OcsfClass.AuthorizeSession or OcsfClass.ApiActivity or OcsfClass.WebResources)
        {
            json.WriteStartObject("dst_endpoint");
            json.WriteString("svc_name", source.Peek("service.name"));
            WriteText(json, "hostname", source.Text("service.host"));
            WriteText(json, "instance_uid", source.Text("service.instance_id"));
            json.WriteEndObject();
        }
    }

    private static void WriteHttp(Utf8JsonWriter json, OcsfSource source)
    {
        string? method = source.Peek("request.method")?.ToUpperInvariant() is { } word && s_methods.Contains(word) ? word : null;
        string? path = source.Text("request.path");
        string? agent = source.Text("source.user_agent");
        string? id = source.Text("request.id");
        long? length = source.Integer("request.bytes_in");
        if (method is not null)
        {
            source.Text("request.method");
        }

        if ((method ?? path ?? agent ?? id) is not null || length is not null)
        {
            json.WriteStartObject("http_request");
            WriteText(json, "http_method", method);
            WriteText(json, "uid", id);
            WriteText(json, "user_agent", agent);
            WriteText(json, "version", source.Text("request.protocol"));
            if (path is not null)
            {
                json.WriteStartObject("url");
                json.WriteString("path", path);
                json.WriteEndObject();
            }

            WriteNumber(json, "length", length);
            json.WriteEndObject();
        }

        if (source.Integer("request.status") is { } status)
        {
            json.WriteStartObject("http_response");
            json.WriteNumber("code", status);
            WriteNumber(json, "latency", source.Integer("request.duration_ms"));
            WriteNumber(json, "length", source.Integer("request.bytes_out"));
            json.WriteEndObject();
        }
    }

    private static void WriteSubject(Utf8JsonWriter json, OcsfSource source, OcsfClass kind, OcsfFacts facts)
    {
        switch (kind.Uid)
        {
            case OcsfClass.Authentication:
                OcsfSubjects.WriteAuthentication(json, source, facts);
                break;
            case OcsfClass.AuthorizeSession:
                OcsfSubjects.WriteAuthorizeSession(json, source, kind, facts);
                break;
            case OcsfClass.UserManagement:
                OcsfSubjects.WriteUserManagement(json, source, facts);
                break;
            case OcsfClass.GroupManagement:
                OcsfSubjects.WriteGroupManagement(json, source);
                break;
            case OcsfClass.RoleManagement:
                OcsfSubjects.WriteRoleManagement(json, source);
                break;
            case OcsfClass.EntityManagement:
                OcsfSubjects.WriteEntityManagement(json, source, facts);
                break;
            case OcsfClass.WebResources:
                OcsfSubjects.WriteWebResources(json, source, facts);
                break;
            default:
                OcsfSubjects.WriteApi(json, source, facts);
                break;
        }
    }

    /// <summary>The leaf hash: SHA-256 of the entry's canonical bytes behind a zero byte (RFC 6962), by which it is proven in the log.</summary>
    private static void WriteIntegrity(Utf8JsonWriter json, ExportRow row)
    {
        json.WriteStartArray("attestation_list");
        json.WriteStartObject();
        json.WriteString("authority_uid", row.Source.Log.Settings.Origin);
        json.WriteString("chain_uid", row.Source.Log.Settings.Origin);
        json.WriteStartObject("fingerprint");
        json.WriteNumber("algorithm_id", 3);
        json.WriteString("algorithm", "SHA-256");
        json.WriteNumber("serialization_id", 2);
        json.WriteString("serialization", "JCS");
        json.WriteNumber("encoding_id", 1);
        json.WriteString("encoding", "Hex");
        json.WriteString("value", row.LeafHash.ToString());
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <summary>Writes a text, if there is one.</summary>
    internal static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(name, value);
        }
    }

    private static long Milliseconds(string instant) => Instant.Parse(instant).ToUnixTimeMilliseconds();
}
