using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Indelible.Cli.Import;

/// <summary>Turns one CloudTrail record into one event of schema <c>audit/1</c>. The rules are in <c>docs/mappings/cloudtrail.md</c>.</summary>
/// <remarks>
/// What identifies something (ids, times, names) is taken as it is or refused; what describes something is cut to our limits with a
/// mark under <c>truncated</c>. The record is never altered: it is kept JSON-equal, or it is a fault.
/// </remarks>
internal sealed partial class CloudTrailMapping
{
    /// <summary>The longest entry, in bytes. A claim must leave room for the envelope, which the log checks.</summary>
    public const int MaxClaimBytes = 65_535;

    private const int MaxTargets = 32;

    private static readonly JsonDocumentOptions Documents = new() { MaxDepth = RecordReader.MaxDepth };

    // Not for HTML: the escapes of the default encoder would only make the same strings longer.
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly JsonElement _record;
    private readonly RecordFields _fields;
    private readonly RecordFields _identity;
    private readonly Utf8JsonWriter _writer;
    private readonly List<(string Path, long OriginalBytes)> _truncated = [];

    private CloudTrailMapping(JsonElement record, Utf8JsonWriter writer)
    {
        _record = record;
        _fields = new RecordFields(record, "");
        _identity = _fields.Object("userIdentity");
        _writer = writer;
    }

    /// <summary>Maps one record.</summary>
    /// <param name="utf8">An untrusted JSON object, at most <see cref="RecordReader.MaxDepth"/> deep.</param>
    /// <param name="position">Where it was read.</param>
    /// <param name="keepOriginal">Whether the record is kept under <c>data.original</c>.</param>
    /// <returns>The claim, or the fault that says why there is none.</returns>
    public static ImportedItem Map(ReadOnlyMemory<byte> utf8, ImportPosition position, bool keepOriginal)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, Documents);
            RecordCheck.Check(document.RootElement, "");
            var claim = new ArrayBufferWriter<byte>(utf8.Length + 1024);
            string id;
            using (var writer = new Utf8JsonWriter(claim, Writing))
            {
                id = new CloudTrailMapping(document.RootElement, writer).Write(keepOriginal);
            }

            return claim.WrittenCount <= MaxClaimBytes
                ? new ImportedClaim(position, id, claim.WrittenMemory)
                : new ImportFault(position, "", $"The event would take {claim.WrittenCount} bytes; an entry holds at most {MaxClaimBytes}.");
        }
        catch (MappingException e)
        {
            return new ImportFault(position, e.Pointer, e.Message);
        }
        catch (JsonException e)
        {
            return new ImportFault(position, "", $"The record is not JSON: {e.Message}");
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9._:-]{1,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex EventId();

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,7})?Z\z", RegexOptions.CultureInvariant)]
    private static partial Regex UtcTime();

    private string Write(bool keepOriginal)
    {
        string id = Matching("eventID", EventId(), "1 to 128 of A-Z a-z 0-9 . _ : - are wanted");
        string source = Limited("eventSource", 128);
        string eventName = _fields.Required("eventName");
        string service = source.Split('.')[0].ToLowerInvariant();
        IReadOnlyList<string> words = ActionName.Words(eventName);
        if (!ActionName.TryMake(service, eventName, out string action))
        {
            throw new MappingException("/eventName", $"The names {source} and {eventName} do not make an action.");
        }

        bool readOnly = _fields.Flag("readOnly") ?? false;
        string operation = CloudTrailVerbs.Operation(service, words, readOnly);
        _writer.WriteStartObject();
        _writer.WriteString("schema", "audit/1");
        _writer.WriteString("id", id);
        _writer.WriteString("time", Time());
        _writer.WriteString("action", action);
        _writer.WriteString("operation", operation);
        _writer.WriteString(
            "category", CloudTrailVerbs.Category(service, words, operation, readOnly, _fields.Text("eventCategory") ?? ""));
        WriteOutcome(eventName);
        WriteActor();
        WriteAuth();
        WriteTargets(service);
        WriteSource();
        WriteNested("service", ("name", source, 128));
        WriteNested("request", ("id", _fields.Text("requestID"), 128));
        WriteLabels(eventName);
        if (keepOriginal)
        {
            _writer.WriteStartObject("data");
            _writer.WritePropertyName("original");
            _record.WriteTo(_writer);
            _writer.WriteEndObject();
        }

        WriteTruncated();
        _writer.WriteEndObject();
        return id;
    }

    private string Matching(string name, Regex form, string wanted)
    {
        string value = _fields.Required(name);
        return form.IsMatch(value) ? value : throw new MappingException($"/{name}", $"{wanted}; the value is {Quoted(value)}.");
    }

    private string Limited(string name, int maxBytes)
    {
        string value = _fields.Required(name);
        return Encoding.UTF8.GetByteCount(value) <= maxBytes
            ? value
            : throw new MappingException($"/{name}", $"At most {maxBytes} bytes are wanted; the value is {Quoted(value)}.");
    }

    private string Time()
    {
        string time = Matching("eventTime", UtcTime(), "A time in UTC with a Z and at most 7 decimals is wanted");
        return DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)
            ? time
            : throw new MappingException("/eventTime", $"There is no such time: {Quoted(time)}.");
    }

    private void WriteOutcome(string eventName)
    {
        string? code = _fields.Text("errorCode");
        string? message = _fields.Text("errorMessage");
        string? result = Result("responseElements", eventName) ?? Result("serviceEventDetails", eventName);
        bool failed = code is not null || message is not null || result == "Failure";

        // A call without an error succeeded. What a service tells of itself, and what was computed from other events, has no outcome.
        bool known = result == "Success" || _fields.Text("eventType") is null or "AwsApiCall" or "AwsConsoleAction" or "AwsConsoleSignIn" or "AwsVpceEvent";
        _writer.WriteString("outcome", failed ? "failure" : known ? "success" : "unknown");
        WriteCut("outcome_code", "/outcome_code", code, 64);
        WriteCut("outcome_reason", "/outcome_reason", message, 1024);
        if (IsDenial(code))
        {
            WriteNested("decision", ("effect", "deny", 16));
        }
    }

    /// <summary>Sign-ins tell their result beside the error members: <c>"responseElements":{"ConsoleLogin":"Failure"}</c>.</summary>
    private string? Result(string member, string eventName) =>
        _record.TryGetProperty(member, out JsonElement parent) && parent.ValueKind == JsonValueKind.Object
        && parent.TryGetProperty(eventName, out JsonElement result) && result.ValueKind == JsonValueKind.String
            ? result.GetString()
            : null;

    private static bool IsDenial(string? code)
    {
        string last = code?.Split('.')[^1] ?? "";
        foreach (string suffix in (ReadOnlySpan<string>)["Exception", "Error", "Fault"])
        {
            if (last.EndsWith(suffix, StringComparison.Ordinal))
            {
                last = last[..^suffix.Length];
            }
        }

        return last is "AccessDenied" or "VpceAccessDenied" or "KMSAccessDenied" or "UnauthorizedOperation" or "UnauthorizedAccess" or "Unauthorized"
            or "NotAuthorized" or "Authorization" or "Forbidden" or "AllAccessDisabled";
    }

    private void WriteActor()
    {
        (string id, string type) = Actor();
        _writer.WriteStartObject("actor");
        _writer.WriteString("id", id);
        _writer.WriteString("type", type);
        WriteCut("name", "/actor/name", _identity.Text("userName"), 256);
        if (_identity.Text("type") == "Root")
        {
            _writer.WriteBoolean("privileged", true);
        }

        RecordFields issuer = _identity.Object("sessionContext").Object("sessionIssuer");
        if (issuer.Text("type") == "Role" && issuer.Text("userName") is { } role && Encoding.UTF8.GetByteCount(role) <= 128)
        {
            _writer.WriteStartArray("roles");
            _writer.WriteStringValue(role);
            _writer.WriteEndArray();
        }

        string? provider = _identity.Text("identityProvider")
            ?? _identity.Object("sessionContext").Object("webIdFederationData").Text("federatedProvider");
        WriteCut("issuer", "/actor/issuer", provider, 512);
        _writer.WriteEndObject();
    }

    private (string Id, string Type) Actor()
    {
        string? type = _identity.Text("type");
        string? arn = _identity.Text("arn");
        if (_identity.Text("accountId") == "ANONYMOUS_PRINCIPAL")
        {
            return ("anonymous", "anonymous");
        }

        string kind = type switch
        {
            "IAMUser" or "Root" or "FederatedUser" or "WebIdentityUser" or "SAMLUser" or "IdentityCenterUser" or "Directory" => "user",

            // Roles are worn by machines, save those that the identity centre makes for the people who sign in there.
            "AssumedRole" or "Role" => arn?.Contains("/AWSReservedSSO_", StringComparison.Ordinal) == true ? "user" : "service",
            "AWSService" => "service",
            _ => type is null && arn is null && _identity.Text("invokedBy") is not null ? "service" : "unknown",
        };

        // An id is never cut: half an ARN is another ARN. What is too long gives way to the next.
        string?[] candidates = [arn, _identity.Text("principalId"), _identity.Text("invokedBy"), _identity.Text("accountId")];
        string? id = Array.Find(candidates, candidate => candidate is not null && Encoding.UTF8.GetByteCount(candidate) <= 256);
        if (id is null && Array.Exists(candidates, candidate => candidate is not null))
        {
            throw new MappingException("/userIdentity", "Every name of the actor is longer than 256 bytes.");
        }

        return (id ?? "unknown", kind);
    }

    private void WriteAuth()
    {
        string? credential = _identity.Text("accessKeyId");
        bool? mfa = _identity.Object("sessionContext").Object("attributes").Flag("mfaAuthenticated");
        if (_record.TryGetProperty("additionalEventData", out JsonElement more) && more.ValueKind == JsonValueKind.Object
            && more.TryGetProperty("MFAUsed", out JsonElement used) && used.ValueKind == JsonValueKind.String)
        {
            mfa ??= used.ValueEquals("Yes"u8) ? true : used.ValueEquals("No"u8) ? false : null;
        }

        if (credential is null && mfa is null)
        {
            return;
        }

        _writer.WriteStartObject("auth");
        WriteCut("credential_id", "/auth/credential_id", credential, 128);
        if (mfa is not null)
        {
            _writer.WriteBoolean("mfa", mfa.Value);
        }

        // A temporary key is made for one session and dies with it; nothing else in a record names the session.
        if (credential?.StartsWith("ASIA", StringComparison.Ordinal) == true)
        {
            WriteCut("session_id", "/auth/session_id", credential, 128);
        }

        _writer.WriteEndObject();
    }

    private void WriteTargets(string service)
    {
        string account = _fields.Text("recipientAccountId") ?? _identity.Text("accountId") ?? "";
        IReadOnlyList<CloudTrailTarget> targets = CloudTrailTargets.Find(_record, service, _fields.Text("awsRegion") ?? "", account);
        _writer.WriteStartArray("targets");
        for (int i = 0; i < Math.Min(targets.Count, MaxTargets); i++)
        {
            CloudTrailTarget target = targets[i];
            string pointer = string.Create(CultureInfo.InvariantCulture, $"/targets/{i}");
            _writer.WriteStartObject();
            _writer.WriteString("type", target.Type);
            WriteCut("id", $"{pointer}/id", target.Id, 512);
            WriteCut("owner", $"{pointer}/owner", target.Owner, 512);
            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
        if (targets.Count > MaxTargets)
        {
            _truncated.Add(("/targets", targets.Sum(target => (long)Encoding.UTF8.GetByteCount(target.Id))));
        }
    }

    private void WriteSource()
    {
        string? address = _fields.Text("sourceIPAddress");
        string? ip = CanonicalIp(address);
        WriteNested("source", ("ip", ip, 64), ("hostname", ip is null ? address : null, 255), ("user_agent", _fields.Text("userAgent"), 512));
    }

    /// <summary>The one spelling of an IP address, or <see langword="null"/> where the text is none.</summary>
    /// <remarks>
    /// The platform's parser also takes one to three numbers, octal and hexadecimal ones, brackets, ports and zones: an address with
    /// two meanings is none.
    /// </remarks>
    private static string? CanonicalIp(string? text)
    {
        if (text is null || text.AsSpan().IndexOfAny('[', '%') >= 0 || !IPAddress.TryParse(text, out IPAddress? address))
        {
            return null;
        }

        string canonical = address.ToString();
        return address.AddressFamily == AddressFamily.InterNetworkV6 || canonical == text ? canonical : null;
    }

    private void WriteLabels(string eventName)
    {
        string? readOnly = _fields.Flag("readOnly") switch { true => "true", false => "false", null => null };
        WriteNested(
            "labels",
            ("aws_account", _fields.Text("recipientAccountId") ?? _identity.Text("accountId"), 256),
            ("aws_region", _fields.Text("awsRegion"), 256),
            ("event_name", eventName, 256),
            ("event_type", _fields.Text("eventType"), 256),
            ("invoked_by", _identity.Text("invokedBy"), 256),
            ("read_only", readOnly, 256));
    }

    private void WriteTruncated()
    {
        if (_truncated.Count == 0)
        {
            return;
        }

        _writer.WriteStartArray("truncated");
        foreach ((string path, long originalBytes) in _truncated)
        {
            _writer.WriteStartObject();
            _writer.WriteString("path", path);
            _writer.WriteNumber("original_bytes", originalBytes);
            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
    }

    private void WriteNested(string parent, params ReadOnlySpan<(string Name, string? Value, int MaxBytes)> members)
    {
        bool open = false;
        foreach ((string name, string? value, int maxBytes) in members)
        {
            if (value is null)
            {
                continue;
            }

            if (!open)
            {
                _writer.WriteStartObject(parent);
                open = true;
            }

            WriteCut(name, $"/{parent}/{name}", value, maxBytes);
        }

        if (open)
        {
            _writer.WriteEndObject();
        }
    }

    /// <summary>Writes a text, cut between characters to a number of UTF-8 bytes, and marks that it was cut.</summary>
    private void WriteCut(string name, string pointer, string? value, int maxBytes)
    {
        if (value is null)
        {
            return;
        }

        int bytes = Encoding.UTF8.GetByteCount(value);
        if (bytes > maxBytes)
        {
            _truncated.Add((pointer, bytes));
            value = Cut(value, maxBytes);
        }

        _writer.WriteString(name, value);
    }

    private static string Cut(string value, int maxBytes)
    {
        int bytes = 0;
        int chars = 0;
        foreach (Rune rune in value.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > maxBytes)
            {
                break;
            }

            chars += rune.Utf16SequenceLength;
        }

        return value[..chars];
    }

    private static string Quoted(string value) => value.Length <= 60 ? $"'{value}'" : $"'{value[..60]}…'";
}
