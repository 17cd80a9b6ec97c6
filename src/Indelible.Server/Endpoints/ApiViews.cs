using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Indelible.Server.Endpoints;

/// <summary>A log, as the API tells of it; <c>successor</c> is the log that goes on in its place, where a restore has finished it.</summary>
public sealed record LogView(string Name, string Origin, string Vkey, bool Public, IReadOnlyList<string> Personal, long Size, long Published, string? Successor = null);

/// <summary>The logs that the caller may know of, and the key that receipts are verified with.</summary>
public sealed record LogList(IReadOnlyList<LogView> Logs, string ReceiptsVkey);

/// <summary>A rotation of a key.</summary>
/// <param name="Log">The log; null of the receipts' key.</param>
/// <param name="OldVkey">The key that signs nothing any more.</param>
/// <param name="NewVkey">The key that signs from here on.</param>
/// <param name="Index">Of a log: the index of the entry that announces the new key.</param>
/// <param name="HandoverSize">Of a log: the size of the head that both keys have signed.</param>
/// <param name="OldKeyDestroyed">Whether the old key's file is gone; if not, the next start destroys it.</param>
public sealed record RotationView(string? Log, string OldVkey, string NewVkey, long? Index, long? HandoverSize, bool OldKeyDestroyed);

/// <summary>A log to be made.</summary>
public sealed record NewLog(string? Name, bool Public, IReadOnlyList<string>? Personal);

/// <summary>A key, as the API tells of it: never its text, save in the answer that makes it.</summary>
public sealed record KeyView(string Id, string Kind, string Principal, IReadOnlyList<string> Logs, string? Expires, bool Revoked, string? Key = null);

/// <summary>The keys.</summary>
public sealed record KeyList(IReadOnlyList<KeyView> Keys);

/// <summary>A key to be made.</summary>
public sealed record NewKey(string? Kind, IReadOnlyList<string>? Logs, string? Principal, string? Expires);

/// <summary>A consistency proof.</summary>
/// <param name="From">The older size.</param>
/// <param name="To">The newer size.</param>
/// <param name="Proof">The hashes in base64, in RFC 6962's order.</param>
public sealed record ConsistencyView(long From, long To, IReadOnlyList<string> Proof);

/// <summary>A verification of a log by the server itself.</summary>
/// <param name="Log">The log.</param>
/// <param name="Started">When it began.</param>
/// <param name="Ended">When it ended.</param>
/// <param name="Verdict"><c>valid</c>, <c>not_valid</c> or <c>could_not_tell</c>.</param>
/// <param name="Size">The signed size that it was verified up to.</param>
/// <param name="Entries">How many entries were re-hashed.</param>
/// <param name="Faults">What was wrong or unclear, at most 1,000.</param>
public sealed record VerificationRunView(string Log, string Started, string Ended, string Verdict, long? Size, long Entries, IReadOnlyList<string> Faults);

/// <summary>The server's verifications since it started, latest last.</summary>
public sealed record VerificationRunList(IReadOnlyList<VerificationRunView> Runs);

/// <summary>An expected source, as the API tells of it; to be entered, without <c>name</c>, <c>log</c> and <c>since</c>.</summary>
public sealed record ExpectedSourceView(string? Principal, string? Service, string? Instance, long IntervalS, string? Name = null, string? Log = null, string? Since = null);

/// <summary>The sources that a log expects.</summary>
public sealed record ExpectedSourceList(IReadOnlyList<ExpectedSourceView> Expected);

/// <summary>The JSON of small bodies: snake_case, unknown members refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(LogView))]
[JsonSerializable(typeof(LogList))]
[JsonSerializable(typeof(RotationView))]
[JsonSerializable(typeof(NewLog))]
[JsonSerializable(typeof(KeyView))]
[JsonSerializable(typeof(KeyList))]
[JsonSerializable(typeof(NewKey))]
[JsonSerializable(typeof(ConsistencyView))]
[JsonSerializable(typeof(VerificationRunList))]
[JsonSerializable(typeof(ExpectedSourceView))]
[JsonSerializable(typeof(ExpectedSourceList))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    private static ApiJson? s_plain;

    /// <summary>The context that answers are written with: only what JSON asks for is escaped.</summary>
    public static ApiJson Plain => s_plain ??= new ApiJson(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
