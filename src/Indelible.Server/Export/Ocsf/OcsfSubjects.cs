using System.Text.Json;

namespace Indelible.Server.Export.Ocsf;

/// <summary>Writes what an event is about, in the members that each class has for it. What a class has none for stays unmapped.</summary>
internal static class OcsfSubjects
{
    /// <summary>How somebody signed in, and where to.</summary>
    public static void WriteAuthentication(Utf8JsonWriter json, OcsfSource source, OcsfFacts facts)
    {
        if (source.Boolean("auth.mfa") is { } isMfa)
        {
            json.WriteBoolean("is_mfa", isMfa);
        }

        if (source.Text("auth.method") is { } method)
        {
            (int id, string name) = method.ToLowerInvariant() switch
            {
                "kerberos" => (2, "Kerberos"),
                "digest" => (3, "Digest"),
                "oidc" or "openid" => (4, "OpenID"),
                "saml" => (5, "SAML"),
                "oauth" or "oauth2" => (6, "OAUTH 2.0"),
                "radius" => (10, "RADIUS"),
                "basic" => (11, "Basic Authentication"),
                "ldap" => (12, "LDAP"),
                _ => (99, method),
            };
            json.WriteNumber("auth_protocol_id", id);
            json.WriteString("auth_protocol", name);
        }

        if (facts is { IsOnBehalf: true, Operation: "login" })
        {
            json.WriteNumber("account_switch_type_id", 2);
            json.WriteString("account_switch_type", "Impersonate");
        }

        json.WriteStartObject("service");
        json.WriteString("name", source.Peek("service.name"));
        json.WriteEndObject();
    }

    /// <summary>Whose session was given what.</summary>
    public static void WriteAuthorizeSession(Utf8JsonWriter json, OcsfSource source, OcsfClass kind, OcsfFacts facts)
    {
        WriteUser(json, source);
        switch (kind.Activity)
        {
            case 2:
                WriteNamed(json, source, "groups", OcsfFacts.IsGroup);
                break;
            case 3:
                WriteNamed(json, source, "iam_roles", OcsfFacts.IsRole);
                break;
            default:
                WritePrivileges(json, source, facts);
                break;
        }
    }

    /// <summary>Whose account was changed, and what he was given or lost.</summary>
    public static void WriteUserManagement(Utf8JsonWriter json, OcsfSource source, OcsfFacts facts)
    {
        WriteUser(json, source);
        if (facts.HasRole)
        {
            WriteNamed(json, source, "iam_roles", OcsfFacts.IsRole);
        }
        else if (facts.Operation is "grant" or "revoke" && !facts.HasCredential)
        {
            WritePrivileges(json, source, facts);
        }

        WriteResources(json, source, "resources");
    }

    /// <summary>Which group was changed, and who joined or left it.</summary>
    public static void WriteGroupManagement(Utf8JsonWriter json, OcsfSource source)
    {
        WriteOne(json, source, "group", OcsfFacts.IsGroup);
        WriteNamed(json, source, "users", OcsfFacts.IsUser);
        WriteNamed(json, source, "iam_roles", OcsfFacts.IsRole);
        WriteResources(json, source, "resources");
    }

    /// <summary>Which role was changed.</summary>
    public static void WriteRoleManagement(Utf8JsonWriter json, OcsfSource source)
    {
        WriteOne(json, source, "iam_role", OcsfFacts.IsRole);
        WriteResources(json, source, "resources");
    }

    /// <summary>What was configured.</summary>
    public static void WriteEntityManagement(Utf8JsonWriter json, OcsfSource source, OcsfFacts facts)
    {
        json.WriteStartObject("entity");
        if (source.Places("targets") is [var first, ..])
        {
            WriteThing(json, source, first);
        }
        else
        {
            json.WriteString("name", source.Peek("service.name"));
            json.WriteString("type", facts.Action);
        }

        json.WriteEndObject();
        OcsfEvent.WriteText(json, "comment", source.Text("reason.text"));
    }

    /// <summary>What was searched, exported, imported or shared.</summary>
    public static void WriteWebResources(Utf8JsonWriter json, OcsfSource source, OcsfFacts facts)
    {
        if (source.Places("targets").Count > 0)
        {
            WriteResources(json, source, "web_resources", isWeb: true);
            return;
        }

        json.WriteStartArray("web_resources");
        json.WriteStartObject();
        json.WriteString("name", source.Text("request.route") ?? facts.Action);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <summary>What was called, and with what.</summary>
    public static void WriteApi(Utf8JsonWriter json, OcsfSource source, OcsfFacts facts)
    {
        json.WriteStartObject("api");
        json.WriteString("operation", facts.Action);
        json.WriteEndObject();
        WriteResources(json, source, "resources");
        if (source.Text("trace.trace_id") is { } trace)
        {
            json.WriteStartObject("trace");
            json.WriteString("uid", trace);
            json.WriteEndObject();
        }
    }

    /// <summary>The user that it is about: a target; else whose target it is, or the first person concerned; else the actor himself.</summary>
    private static void WriteUser(Utf8JsonWriter json, OcsfSource source)
    {
        json.WriteStartObject("user");
        string[] targets = [.. source.Places("targets")];
        if (targets.FirstOrDefault(target => OcsfFacts.IsUser(source.Peek(target + ".type")!)) is { } user)
        {
            WriteThing(json, source, user, hasType: false);
        }
        else
        {
            json.WriteString("uid", targets.Select(target => source.Peek(target + ".owner")).FirstOrDefault(owner => owner is not null) ?? source.Peek("data_subjects.0") ?? source.Peek("actor.id"));
        }

        json.WriteEndObject();
    }

    private static void WriteOne(Utf8JsonWriter json, OcsfSource source, string name, Func<string, bool> isIt)
    {
        json.WriteStartObject(name);
        WriteThing(json, source, source.Places("targets").First(target => isIt(source.Peek(target + ".type")!)), hasType: name != "iam_role");
        json.WriteEndObject();
    }

    /// <summary>Writes the targets of a kind that are left, if there are any.</summary>
    private static void WriteNamed(Utf8JsonWriter json, OcsfSource source, string name, Func<string, bool> isIt) =>
        WriteList(json, source, name, source.Places("targets").Where(target => source.IsLeft(target + ".id") && isIt(source.Peek(target + ".type")!)));

    private static void WriteResources(Utf8JsonWriter json, OcsfSource source, string name, bool isWeb = false) =>
        WriteList(json, source, name, source.Places("targets").Where(target => source.IsLeft(target + ".id")), isWeb);

    private static void WriteList(Utf8JsonWriter json, OcsfSource source, string name, IEnumerable<string> targets, bool isWeb = false)
    {
        string[] list = [.. targets];
        if (list.Length == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (string target in list)
        {
            json.WriteStartObject();
            WriteThing(json, source, target, hasType: name is not ("iam_roles" or "users"));
            if (isWeb)
            {
                OcsfEvent.WriteText(json, "url_string", source.Text(target + ".href"));
            }
            else if (name == "resources" && source.Text(target + ".owner") is { } owner)
            {
                json.WriteStartObject("owner");
                json.WriteString("uid", owner);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WritePrivileges(Utf8JsonWriter json, OcsfSource source, OcsfFacts facts)
    {
        string[] others = [.. source.Places("targets").Where(target => source.IsLeft(target + ".id"))];
        json.WriteStartArray("privileges");
        foreach (string target in others)
        {
            json.WriteStringValue(source.Peek(target + ".id"));
        }

        if (others.Length == 0)
        {
            json.WriteStringValue(facts.Action);
        }

        json.WriteEndArray();
    }

    /// <summary>Writes a target. Users and roles have no type of their own in OCSF: theirs stays unmapped.</summary>
    private static void WriteThing(Utf8JsonWriter json, OcsfSource source, string target, bool hasType = true)
    {
        json.WriteString("uid", source.Text(target + ".id"));
        OcsfEvent.WriteText(json, "name", source.Text(target + ".name"));
        if (hasType)
        {
            json.WriteString("type", source.Text(target + ".type"));
        }
    }
}
