using System.Text.Json;
using Indelible.Engine.Configuration;
using Indelible.Events;

namespace Indelible.Engine.Access;

/// <summary>How principals, grants and keys are written into the entries that configure them; <see cref="SystemFold"/> reads them.</summary>
internal static class AccessJson
{
    public const string Person = "person";

    public const string Service = "service";

    /// <summary>Of a key: that it carries its principal's grants and none of its own.</summary>
    public const string OfPrincipal = "principal";

    public static void Write(Utf8JsonWriter data, string principal, PrincipalKind kind)
    {
        data.WriteString("name", principal);
        data.WriteString("kind", kind == PrincipalKind.Person ? Person : Service);
    }

    public static void Write(Utf8JsonWriter data, Grant grant)
    {
        data.WriteString("id", grant.Id);
        data.WriteString("principal", grant.Principal);
        WriteTerms(data, grant);
        if (grant.Expires is { } end)
        {
            data.WriteString("expires", Instant.Format(end));
        }
    }

    public static void Write(Utf8JsonWriter data, ApiKey key)
    {
        data.WriteString("id", key.Id);
        data.WriteString("kind", key.Kind.ToString().ToLowerInvariant());
        data.WriteString("principal", key.Principal);
        data.WriteString("hash", key.HashText);
        if (key.Own is { } own)
        {
            WriteTerms(data, own with { Logs = key.Logs });
        }
        else
        {
            data.WriteString("carries", OfPrincipal);
            WriteTexts(data, "logs", []);
        }

        if (key.Scopes != Roles.MostOf(key.Kind))
        {
            WriteTexts(data, "scopes", RightWords.Of(key.Scopes));
        }

        if (!key.Networks.IsEmpty)
        {
            WriteTexts(data, "networks", key.Networks);
        }

        if (key.Rates is { } rates)
        {
            data.WriteStartObject("rates");
            foreach ((string name, long? value) in new[] { ("events", rates.Events), ("bytes", rates.Bytes), ("queries", rates.Queries) })
            {
                if (value is { } number)
                {
                    data.WriteNumber(name, number);
                }
            }

            data.WriteEndObject();
        }

        if (key.IsBreakGlass)
        {
            data.WriteBoolean("break_glass", true);
        }

        if (key.Expires is { } end)
        {
            data.WriteString("expires", Instant.Format(end));
        }
    }

    public static void WriteTexts(Utf8JsonWriter data, string name, IEnumerable<string> texts)
    {
        data.WriteStartArray(name);
        foreach (string text in texts)
        {
            data.WriteStringValue(text);
        }

        data.WriteEndArray();
    }

    private static void WriteTerms(Utf8JsonWriter data, Grant grant)
    {
        data.WriteString("role", Roles.WordOf(grant.Role));
        WriteTexts(data, "logs", grant.Logs);
        if (grant.Rows is { } rows)
        {
            data.WriteString("rows", rows);
        }

        data.WriteString("personal", PersonalViews.WordOf(grant.Personal));
    }
}
