using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Indelible.Gateway.Rules;

namespace Indelible.Gateway;

/// <summary>How the gateway runs: its settings file, whose members have these names in snake case. <c>docs/gateway.md</c> shows one.</summary>
public sealed record GatewaySettings
{
    /// <summary>What to listen on, separated by semicolons. Default <c>http://127.0.0.1:8080</c>: this machine alone.</summary>
    public string Listen { get; init; } = "http://127.0.0.1:8080";

    /// <summary>The application: an http or https address without a path.</summary>
    public string To { get; init; } = "";

    /// <summary>The application's name in the log, <c>service.name</c>. Default: its address.</summary>
    public string? Name { get; init; }

    /// <summary>Where events go.</summary>
    public LogSettings Log { get; init; } = new();

    /// <summary>Who a caller is; by default, nobody is known.</summary>
    public IdentitySettings Identity { get; init; } = new();

    /// <summary>Networks of proxies in front whose <c>X-Forwarded-…</c> headers are believed, as in <c>10.0.0.0/8</c>. Default: none.</summary>
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    /// <summary>Whether every request is recorded, or those that are protected, denied, failed or can change something (the default).</summary>
    public bool RecordEverything { get; init; }

    /// <summary>Whether requests that no rule names are refused while they cannot be recorded. Default: they pass, and are recorded later.</summary>
    public bool FailClosed { get; init; }

    /// <summary>How long a request waits for the receipt of its intent, in milliseconds, where it must be recorded first. Default 2000.</summary>
    public int IntentBudgetMs { get; init; } = 2_000;

    /// <summary>How long a connection on which nothing moves is kept, in seconds. Default 3600: sockets and streams of events are silent for long.</summary>
    public int IdleSeconds { get; init; } = 3_600;

    /// <summary>What becomes of a request that no rule matches: whether it is denied. Default: it is allowed.</summary>
    public bool DenyByDefault { get; init; }

    /// <summary>The rules, the first that matches decides. Read anew when the file changes.</summary>
    public IReadOnlyList<AccessRule> Rules { get; init; } = [];

    /// <summary>Reads a settings file.</summary>
    /// <param name="json">Its bytes.</param>
    /// <exception cref="FormatException">It is not one; the message names the place and the member.</exception>
    public static GatewaySettings Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<GatewaySettings>(json, GatewayJson.Options) ?? throw new FormatException("The settings are null.");
        }
        catch (JsonException e)
        {
            throw new FormatException($"{e.Path}, line {e.LineNumber + 1}: {e.Message.Split(" Path:")[0]}");
        }
    }

    /// <summary>Everything that is wrong with the settings; nothing where they can be used.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        if (!Uri.TryCreate(To, UriKind.Absolute, out Uri? to) || to.Scheme is not ("http" or "https") || to.PathAndQuery != "/")
        {
            faults.Add($"to: '{To}' is no address like http://127.0.0.1:5000");
        }

        foreach (string url in Listen.Split(';', StringSplitOptions.RemoveEmptyEntries).DefaultIfEmpty(""))
        {
            if (!Uri.TryCreate(url.Replace("*", "0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/")
            {
                faults.Add($"listen: '{url}' is no address like http://127.0.0.1:8080");
            }
            else if (uri.Scheme == "https" && Identity.Tls is null)
            {
                faults.Add($"listen: '{url}' needs identity.tls, the certificate to show");
            }
        }

        faults.AddRange(TrustedProxies.Where(network => !IPNetwork.TryParse(network, out _)).Select(network => $"trusted_proxies: '{network}' is no network like 10.0.0.0/8"));
        faults.AddRange(Identity.Faults());
        faults.AddRange(new RuleBook(Rules, DenyByDefault, FailClosed).Faults());
        if (IntentBudgetMs is < 10 or > 60_000)
        {
            faults.Add($"intent_budget_ms: {IntentBudgetMs}; 10 to 60,000");
        }

        if (IdleSeconds is < 1 or > 86_400)
        {
            faults.Add($"idle_seconds: {IdleSeconds}; 1 to 86,400");
        }

        return faults;
    }
}

/// <summary>Where the gateway's events go: an Indelible log.</summary>
public sealed record LogSettings
{
    /// <summary>The server.</summary>
    public string Url { get; init; } = "http://127.0.0.1:7480";

    /// <summary>The log's name.</summary>
    public string Name { get; init; } = "main";

    /// <summary>The file that holds a writer's key; <c>INDELIBLE_KEY</c> where it is not given.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The log's verification key, pinned.</summary>
    public string? Vkey { get; init; }

    /// <summary>The receipts' key, pinned.</summary>
    public string? ReceiptsVkey { get; init; }

    /// <summary>Where events wait until the log has taken them. Default <c>./gateway-spool</c>.</summary>
    public string Spool { get; init; } = "./gateway-spool";
}

/// <summary>Who callers are. The first of these that says something counts: a certificate, a token, a header. Sign-in of people is not among them yet.</summary>
public sealed record IdentitySettings
{
    /// <summary>Whether somebody whom none of these knows is refused.</summary>
    public bool Required { get; init; }

    /// <summary>The certificate that the gateway shows at https addresses.</summary>
    public TlsSettings? Tls { get; init; }

    /// <summary>Client certificates.</summary>
    public CertificateSettings? Certificate { get; init; }

    /// <summary>Tokens in <c>Authorization: Bearer</c>.</summary>
    public JwtSettings? Jwt { get; init; }

    /// <summary>A header of a proxy in front.</summary>
    public HeaderSettings? Header { get; init; }

    /// <summary>The header that tells the application who it is. What a caller sends under this name is taken away.</summary>
    public string SendUser { get; init; } = "X-Indelible-User";

    /// <summary>The header that tells the application his roles, separated by commas.</summary>
    public string SendRoles { get; init; } = "X-Indelible-Roles";

    internal IEnumerable<string> Faults()
    {
        foreach ((string member, string? header) in (ReadOnlySpan<(string, string?)>)[("send_user", SendUser), ("send_roles", SendRoles), ("header.user", Header?.User ?? "x"), ("header.roles", Header?.Roles ?? "x")])
        {
            if (header is null || header.Length == 0 || header.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
            {
                return [$"identity.{member}: '{header}' is no header's name"];
            }
        }

        var faults = new List<string>();
        if (Header is not null && Header.From.Count == 0)
        {
            faults.Add("identity.header.from: name the networks of the proxy that sets it; a header from anybody says nothing");
        }

        faults.AddRange((Header?.From ?? []).Where(network => !IPNetwork.TryParse(network, out _)).Select(network => $"identity.header.from: '{network}' is no network like 10.0.0.0/8"));
        if (Jwt is not null && (Jwt.Issuer.Length == 0 || Jwt.Audience.Length == 0 || Jwt.Keys.Length == 0 || Jwt.Algorithms.Count == 0))
        {
            faults.Add("identity.jwt: issuer, audience, keys and algorithms are all pinned");
        }

        faults.AddRange((Jwt?.Algorithms ?? []).Where(algorithm => !JwtSettings.Known.Contains(algorithm)).Select(algorithm => $"identity.jwt.algorithms: '{algorithm}' is none of {string.Join(", ", JwtSettings.Known)}"));
        if (Certificate is not null && Certificate.Authorities is null && Certificate.Thumbprints.Count == 0)
        {
            faults.Add("identity.certificate: name authorities, thumbprints, or both");
        }

        return faults;
    }
}

/// <summary>The certificate that the gateway shows.</summary>
/// <param name="Certificate">A PEM file.</param>
/// <param name="Key">The PEM file of its key.</param>
public sealed record TlsSettings(string Certificate, string Key);

/// <summary>Which client certificates are believed; both where both are given.</summary>
public sealed record CertificateSettings
{
    /// <summary>A PEM file of the authorities that sign them.</summary>
    public string? Authorities { get; init; }

    /// <summary>SHA-256 thumbprints of the certificates themselves, in hex.</summary>
    public IReadOnlyList<string> Thumbprints { get; init; } = [];
}

/// <summary>Which tokens are believed.</summary>
public sealed record JwtSettings
{
    /// <summary>The algorithms that can be pinned: signatures only, never a shared secret.</summary>
    public static IReadOnlyList<string> Known { get; } = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary><c>iss</c>.</summary>
    public string Issuer { get; init; } = "";

    /// <summary><c>aud</c>.</summary>
    public string Audience { get; init; } = "";

    /// <summary>A file with the issuer's keys: a JSON Web Key Set.</summary>
    public string Keys { get; init; } = "";

    /// <summary>The algorithms that are accepted. Default RS256 and ES256.</summary>
    public IReadOnlyList<string> Algorithms { get; init; } = ["RS256", "ES256"];

    /// <summary>The <c>typ</c> of tokens that are accepted, as in <c>at+jwt</c>; default any, since many issuers say <c>JWT</c> of every token.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    /// <summary>The claim that names the caller. Default <c>sub</c>.</summary>
    public string UserClaim { get; init; } = "sub";

    /// <summary>The claim that names his roles. Default <c>roles</c>.</summary>
    public string RolesClaim { get; init; } = "roles";
}

/// <summary>Which header is believed, and from whom.</summary>
public sealed record HeaderSettings
{
    /// <summary>The header that names the caller.</summary>
    public string User { get; init; } = "";

    /// <summary>The header that names his roles, separated by commas; null for none.</summary>
    public string? Roles { get; init; }

    /// <summary>The networks of the proxy that sets it.</summary>
    public IReadOnlyList<string> From { get; init; } = [];
}

/// <summary>How settings are written.</summary>
internal static class GatewayJson
{
    /// <summary>The form: snake case, nothing unknown, nothing twice; comments and trailing commas are allowed, as people write files.</summary>
    /// <remarks>By reflection: the generated readers know no defaults of members that are set once.</remarks>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false) },
    };
}
