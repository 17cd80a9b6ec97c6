using System.Globalization;
using System.Text.Json;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Engine.Storage;
using Indelible.Events;

namespace Indelible.Engine;

/// <summary>What an entry of one of our own logs tells.</summary>
/// <param name="Action">See <see cref="SystemActions"/>.</param>
/// <param name="Category">The schema's word.</param>
/// <param name="Operation">The schema's word.</param>
/// <param name="Target">What it is about.</param>
/// <param name="Data">Writes the rest: members of an object. <c>original</c> is encrypted.</param>
internal sealed record OwnEvent(string Action, string Category, string Operation, (string Type, string Id) Target, Action<Utf8JsonWriter> Data)
{
    /// <summary>How it ended: <c>success</c> or <c>failure</c>.</summary>
    public string Outcome { get; init; } = "success";

    /// <summary>The tenant that it is about, by whose name his own people find it; null for the node.</summary>
    public string? Tenant { get; init; }

    /// <summary>Why, in the caller's words.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether it was not allowed.</summary>
    public bool IsDenied { get; init; }

    /// <summary>Its id, where entering it again is to be a repeat; null for one that nothing else has.</summary>
    public string? Id { get; init; }

    /// <summary>It in a sentence for people; null for none.</summary>
    public string? Message { get; init; }

    /// <summary>When it happened; null for now.</summary>
    public DateTimeOffset? Time { get; init; }
}

/// <summary>Makes the claims of entries that the node writes itself.</summary>
internal sealed class OwnEntries(TimeProvider time, RandomSource random)
{
    /// <summary>The label under which the tenant stands that an entry of our own logs is about.</summary>
    public const string TenantLabel = "tenant";

    /// <summary>The claim of an entry.</summary>
    /// <param name="told">What it tells.</param>
    /// <param name="caller">Who did it.</param>
    /// <param name="known">The principal, where he was entered.</param>
    public Claim ClaimOf(OwnEvent told, AppendCaller caller, Principal? known)
    {
        DateTimeOffset now = time.GetUtcNow();
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("schema", "audit/1");
            json.WriteString("id", told.Id ?? NewId(now));
            json.WriteString("time", Instant.Format(told.Time ?? now));
            json.WriteString("action", told.Action);
            json.WriteString("category", told.Category);
            json.WriteString("operation", told.Operation);
            json.WriteString("outcome", told.Outcome);
            if (told.IsDenied)
            {
                json.WriteStartObject("decision");
                json.WriteString("effect", "deny");
                json.WriteEndObject();
            }

            json.WriteStartObject("actor");
            json.WriteString("id", caller.Principal);
            json.WriteString("type", TypeOf(caller.Principal, known));
            json.WriteEndObject();
            if (caller.KeyId.Length > 0)
            {
                json.WriteStartObject("auth");
                json.WriteString("credential_id", caller.KeyId);
                if (caller.Session is { } session)
                {
                    json.WriteString("session_id", session);
                }

                json.WriteEndObject();
            }

            json.WriteStartObject("service");
            json.WriteString("name", "indelible");
            json.WriteEndObject();
            json.WriteStartArray("targets");
            json.WriteStartObject();
            json.WriteString("type", told.Target.Type);
            json.WriteString("id", told.Target.Id);
            json.WriteEndObject();
            json.WriteEndArray();
            if (told.Reason is { } reason)
            {
                json.WriteStartObject("reason");
                json.WriteString("text", reason);
                json.WriteEndObject();
            }

            if (told.Message is { } message)
            {
                json.WriteString("message", message);
            }

            if (told.Tenant is { } tenant)
            {
                json.WriteStartObject("labels");
                json.WriteString(TenantLabel, tenant);
                json.WriteEndObject();
            }

            json.WriteStartObject("data");
            told.Data(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Claim.TryParse(buffer.GetBuffer().AsSpan(0, (int)buffer.Length), out Claim? claim, out IReadOnlyList<Fault> faults)
            ? claim
            : throw new InvalidOperationException($"An entry of our own is not valid: {faults[0]}");
    }

    private static string TypeOf(string principal, Principal? known) => principal == SystemActions.Principal ? "system"
        : principal == SystemActions.Anonymous ? "anonymous"
        : known?.Kind switch { PrincipalKind.Person => "user", PrincipalKind.Service => "service", _ => "unknown" };

    /// <summary>A UUIDv7.</summary>
    private string NewId(DateTimeOffset now)
    {
        Span<byte> chance = stackalloc byte[10];
        random.Fill(chance);
        string stamp = now.ToUnixTimeMilliseconds().ToString("x12", CultureInfo.InvariantCulture);
        string tail = Convert.ToHexStringLower(chance);
        return $"{stamp[..8]}-{stamp[8..]}-7{tail[..3]}-{"89ab"[chance[2] & 3]}{tail[5..8]}-{tail[8..]}";
    }
}
