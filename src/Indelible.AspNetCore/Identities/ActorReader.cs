using System.Security.Claims;
using System.Text.Json;
using Indelible.Events.Producing;

namespace Indelible.AspNetCore.Identities;

/// <summary>Reads who acts from a principal.</summary>
/// <remarks>
/// Impersonation: with an <c>act</c> claim (RFC 8693, 4.1), or an identity's <see cref="ClaimsIdentity.Actor"/>, the actor is who acts; the token's subject, and those through whom it was
/// delegated, are for whom: <c>on_behalf_of</c>, outermost first.
/// </remarks>
internal sealed class ActorReader(ActorMapping mapping)
{
    private const int MostRoles = 64;
    private const int MostOnBehalfOf = 8;
    private const int Short = 128;
    private const int Long = 256;

    public static Actor Anonymous { get; } = new() { Id = "anonymous", Type = ActorType.Anonymous };

    /// <summary>The actor of a principal; anonymous where nobody is identified.</summary>
    public Actor Read(ClaimsPrincipal? principal)
    {
        ClaimsIdentity? identity = Identified(principal);
        if (identity is null)
        {
            return Anonymous;
        }

        Actor subject = Read(identity);
        if (identity.Actor is { } acting)
        {
            return Read(acting) with { OnBehalfOf = [new OnBehalfOf { Id = subject.Id, Type = subject.Type, Name = subject.Name }] };
        }

        return identity.FindFirst("act") is { } act ? Delegated(subject, act.Value) : subject;
    }

    /// <summary>How the actor was identified, as far as the claims tell; null for nobody.</summary>
    public Authentication? ReadAuthentication(ClaimsPrincipal? principal)
    {
        ClaimsIdentity? identity = Identified(principal);
        if (identity is null)
        {
            return null;
        }

        bool? mfa = null;
        string? method = null;
        foreach (Claim claim in identity.Claims)
        {
            if (claim.Type is "amr" or ClaimTypes.AuthenticationMethod or "http://schemas.microsoft.com/claims/authnmethodsreferences")
            {
                mfa = mfa == true || claim.Value is "mfa" or "http://schemas.microsoft.com/claims/multipleauthn";
                method ??= MethodOf(claim.Value);
            }
        }

        return new Authentication
        {
            Method = Bounded.Text(method ?? identity.AuthenticationType, 64),
            Mfa = mfa,
            CredentialId = Bounded.Text(First(identity, mapping.Credential), Short),
            SessionId = Bounded.Text(First(identity, mapping.Session), Short),
        };
    }

    private static ClaimsIdentity? Identified(ClaimsPrincipal? principal)
    {
        if (principal?.Identity is ClaimsIdentity { IsAuthenticated: true } first)
        {
            return first;
        }

        return principal?.Identities.FirstOrDefault(identity => identity.IsAuthenticated);
    }

    private static string? MethodOf(string reference) => reference switch
    {
        "pwd" => "password",
        "mfa" => null,
        "hwk" or "fido" or "pop" => "passkey",
        _ => reference.StartsWith("http", StringComparison.Ordinal) ? null : reference,
    };

    private static string? First(ClaimsIdentity identity, IList<string> types)
    {
        foreach (string type in types)
        {
            if (identity.FindFirst(type) is { Value.Length: > 0 } claim)
            {
                return claim.Value;
            }
        }

        return null;
    }

    private Actor Read(ClaimsIdentity identity)
    {
        string? id = First(identity, mapping.Id) ?? identity.Name;
        List<string>? roles = All(identity, mapping.Roles, identity.RoleClaimType);
        string? issuer = identity.FindFirst("iss")?.Value ?? identity.Claims.FirstOrDefault()?.Issuer;
        return new Actor
        {
            Id = Bounded.Text(id, Long) ?? "unknown",
            Type = id is null ? ActorType.Unknown : IsService(identity) ? ActorType.Service : ActorType.User,
            Name = Bounded.Text(First(identity, mapping.Name) ?? identity.Name, Long),
            Email = Bounded.Text(First(identity, mapping.Email), Long),
            Roles = roles,
            Groups = All(identity, mapping.Groups, null),
            Privileged = roles is not null && roles.Any(mapping.PrivilegedRoles.Contains) ? true : null,
            Issuer = issuer == ClaimsIdentity.DefaultIssuer ? null : Bounded.Text(issuer, 512),
        };
    }

    /// <summary>A token that a client got for itself: it says so, or it has no subject but the client.</summary>
    private static bool IsService(ClaimsIdentity identity)
    {
        if (identity.FindFirst("idtyp") is { Value: "app" })
        {
            return true;
        }

        string? client = identity.FindFirst("client_id")?.Value ?? identity.FindFirst("azp")?.Value;
        string? subject = identity.FindFirst("sub")?.Value ?? identity.FindFirst(ClaimTypes.NameIdentifier)?.Value;
        return client is not null && (subject is null || subject == client);
    }

    private static List<string>? All(ClaimsIdentity identity, IList<string> types, string? ownType)
    {
        List<string>? found = null;
        foreach (Claim claim in identity.Claims)
        {
            if ((claim.Type == ownType || types.Contains(claim.Type)) && Bounded.Text(claim.Value, Short) is { } value)
            {
                found ??= [];
                if (found.Count < MostRoles && !found.Contains(value))
                {
                    found.Add(value);
                }
            }
        }

        return found;
    }

    /// <summary>The outermost <c>act</c> is who acts now; those inside it acted before, the innermost first.</summary>
    private static Actor Delegated(Actor subject, string act)
    {
        var acting = new List<OnBehalfOf>();
        try
        {
            using JsonDocument document = JsonDocument.Parse(act, new JsonDocumentOptions { MaxDepth = 16 });
            JsonElement at = document.RootElement;
            while (at.ValueKind == JsonValueKind.Object && acting.Count < MostOnBehalfOf)
            {
                if (Of(at) is { } one)
                {
                    acting.Add(one);
                }

                if (!at.TryGetProperty("act", out at))
                {
                    break;
                }
            }
        }
        catch (JsonException)
        {
            // Some issuers put the bare id there.
            if (Bounded.Text(act, Long) is { } id)
            {
                acting.Add(new OnBehalfOf { Id = id, Type = ActorType.User });
            }
        }

        if (acting.Count == 0)
        {
            return subject;
        }

        OnBehalfOf now = acting[0];
        var forWhom = new List<OnBehalfOf> { new() { Id = subject.Id, Type = subject.Type, Name = subject.Name } };
        for (int i = acting.Count - 1; i > 0 && forWhom.Count < MostOnBehalfOf; i--)
        {
            forWhom.Add(acting[i]);
        }

        return new Actor { Id = now.Id, Type = now.Type ?? ActorType.User, Name = now.Name, Issuer = subject.Issuer, OnBehalfOf = forWhom };
    }

    private static OnBehalfOf? Of(JsonElement act)
    {
        string? subject = Text(act, "sub");
        string? client = Text(act, "client_id");
        string? id = Bounded.Text(subject ?? client, Long);
        return id is null
            ? null
            : new OnBehalfOf { Id = id, Type = subject is null || subject == client ? ActorType.Service : ActorType.User, Name = Bounded.Text(Text(act, "name"), Long) };
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
