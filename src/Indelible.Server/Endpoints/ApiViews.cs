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

/// <summary>A key, as the API tells of it: never its text, save in the answer that makes it. A member that is not there says nothing beyond the default.</summary>
public sealed record KeyView(string Id, string Kind, string Principal, IReadOnlyList<string> Logs, string? Expires, bool Revoked)
{
    /// <summary>Its text, in the one answer that makes it.</summary>
    public string? Key { get; init; }

    /// <summary><c>principal</c> where it carries its principal's grants and none of its own.</summary>
    public string? Carries { get; init; }

    /// <summary>The role of its own grant.</summary>
    public string? Role { get; init; }

    /// <summary>The row limit of its own grant.</summary>
    public string? Rows { get; init; }

    /// <summary>What its own grant shows of personal values.</summary>
    public string? Personal { get; init; }

    /// <summary>What it may do at most, where that is less than its kind does.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>The networks that it may be shown from.</summary>
    public IReadOnlyList<string>? Networks { get; init; }

    /// <summary>How much it may ask.</summary>
    public RatesView? Rates { get; init; }

    /// <summary>Whether it waits, or waited, behind glass.</summary>
    public bool? BreakGlass { get; init; }

    /// <summary>When its glass was broken.</summary>
    public string? BrokenAt { get; init; }

    /// <summary>The key that took its place.</summary>
    public string? ReplacedBy { get; init; }

    /// <summary>When it was used last, as far as this node knows.</summary>
    public string? LastUsed { get; init; }
}

/// <summary>The keys.</summary>
public sealed record KeyList(IReadOnlyList<KeyView> Keys);

/// <summary>How much a key may ask a second.</summary>
public sealed record RatesView(long? Events, long? Bytes, long? Queries);

/// <summary>A key to be made.</summary>
public sealed record KeyRequest(
    string? Kind, IReadOnlyList<string?>? Logs, string? Principal, string? Expires, string? Role, string? Rows, string? Personal, IReadOnlyList<string?>? Scopes, IReadOnlyList<string?>? Networks, RatesView? Rates, bool BreakGlass);

/// <summary>How long a key goes on beside the one in its place.</summary>
public sealed record ReplaceRequest(long OverlapS);

/// <summary>Why the glass is broken.</summary>
public sealed record BreakGlassRequest(string? Reason);

/// <summary>The key that was behind glass, and when its hour is over.</summary>
public sealed record BrokenGlassView(string Id, string Until);

/// <summary>Why personal values are to be shown.</summary>
public sealed record RevealRequest(string? Reason);

/// <summary>A principal; <c>entry</c> is the entry of <c>_system</c> that he is from.</summary>
public sealed record PrincipalView(string Name, string Kind, bool Disabled, long Entry);

/// <summary>The principals.</summary>
public sealed record PrincipalList(IReadOnlyList<PrincipalView> Principals);

/// <summary>A principal to be entered.</summary>
public sealed record PrincipalRequest(string? Name, string? Kind);

/// <summary>A grant; <c>entry</c> is the entry of <c>_system</c> that it is from.</summary>
public sealed record GrantView(string Id, string Principal, string Role, IReadOnlyList<string> Logs, string? Rows, string Personal, string? Expires, long Entry);

/// <summary>The grants.</summary>
public sealed record GrantList(IReadOnlyList<GrantView> Grants);

/// <summary>A grant to be made.</summary>
public sealed record GrantRequest(string? Principal, string? Role, IReadOnlyList<string?>? Logs, string? Rows, string? Personal, string? Expires);

/// <summary>An issuer whose tokens are believed; <c>keys</c> is a JWK set of public keys, <c>entry</c> the entry of <c>_system</c> that it is from.</summary>
public sealed record IssuerView(
    string Id, string Issuer, string Audience, IReadOnlyList<string> Algorithms, JsonElement Keys, string PrincipalClaim, string Prefix, IReadOnlyList<string> Scopes, long Entry);

/// <summary>The issuers.</summary>
public sealed record IssuerList(IReadOnlyList<IssuerView> Issuers);

/// <summary>An issuer to be believed.</summary>
public sealed record IssuerRequest(
    string? Id, string? Issuer, string? Audience, IReadOnlyList<string?>? Algorithms, JsonElement? Keys, string? PrincipalClaim, string? Prefix, IReadOnlyList<string?>? Scopes);

/// <summary>A client certificate that is believed; <c>entry</c> is the entry of <c>_system</c> that it is from.</summary>
public sealed record CertificateView(string Id, string Principal, string? Sha256, string? Authority, string? DnsName, IReadOnlyList<string> Scopes, long Entry);

/// <summary>The client certificates.</summary>
public sealed record CertificateList(IReadOnlyList<CertificateView> Certificates);

/// <summary>A client certificate to be believed.</summary>
public sealed record CertificateRequest(string? Id, string? Principal, string? Sha256, string? Authority, string? DnsName, IReadOnlyList<string?>? Scopes);

/// <summary>Who the caller is.</summary>
public sealed record MeView(string Principal, string Credential, string? Expires, IReadOnlyList<MyLogView> Logs);

/// <summary>A session.</summary>
/// <param name="Principal">Who is signed in.</param>
/// <param name="Expires">When it ends at the latest.</param>
/// <param name="IdleS">After how many seconds from now it ends if it is not used.</param>
/// <param name="Csrf">What requests that can change something show in the header <c>Indelible-CSRF</c>.</param>
public sealed record SessionView(string Principal, string Expires, long IdleS, string Csrf);

/// <summary>What the caller may do with a log.</summary>
public sealed record MyLogView(string Name, IReadOnlyList<string> Rights);

/// <summary>Who could do what with a log at a time, by the first <c>system_size</c> entries of <c>_system</c>.</summary>
public sealed record AccessView(string Log, string At, long SystemSize, IReadOnlyList<PrincipalAccessView> Principals);

/// <summary>What a principal could do, with which credentials, by which grants.</summary>
public sealed record PrincipalAccessView(string Name, IReadOnlyList<string> Rights, IReadOnlyList<CredentialView> Credentials, IReadOnlyList<GrantView> Grants);

/// <summary>A credential, and the entry of <c>_system</c> that it is from.</summary>
public sealed record CredentialView(string Id, long Entry, string? Expires)
{
    /// <summary>The role of its own grant.</summary>
    public string? Role { get; init; }

    /// <summary>The row limit of its own grant.</summary>
    public string? Rows { get; init; }
}

/// <summary>A search, what is asked in a body: as the parameters of the same names.</summary>
/// <param name="Query">The tree of the query; null where <paramref name="Q"/> says it.</param>
/// <param name="Q">Its text.</param>
/// <param name="From">The first instant.</param>
/// <param name="To">The instant behind the last.</param>
/// <param name="Order"><c>desc</c>, <c>asc</c> or <c>time</c>.</param>
/// <param name="Limit">How many results.</param>
/// <param name="Cursor">What an earlier page gave as <c>next</c>.</param>
/// <param name="AsOf">The size to search in.</param>
/// <param name="Explain">Whether the answer says how the query was understood, and what each clause matches.</param>
public sealed record SearchBody(JsonElement? Query, string? Q, string? From, string? To, string? Order, long? Limit, string? Cursor, long? AsOf, bool Explain);

/// <summary>A rule to be run over what a log has.</summary>
/// <param name="Rule">Sigma rules, correlations and filters, as YAML: one document or several.</param>
/// <param name="Mappings">Mappings of log sources, before those of the server; null for none.</param>
/// <param name="From">Events from this instant on; null from the first.</param>
/// <param name="To">Events before this instant; null to the last.</param>
/// <param name="Limit">How many findings are listed at most.</param>
/// <param name="AsOf">The size of the log to stay below; null for all of it.</param>
public sealed record BacktestBody(string? Rule, IReadOnlyList<string?>? Mappings, string? From, string? To, long? Limit, long? AsOf);

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

/// <summary>What is done with an alert. Each step takes some of it.</summary>
/// <param name="Comment">What there is to say; with every step.</param>
/// <param name="Assignee">Whose it is from here on; null for nobody's.</param>
/// <param name="Reason">Why it is closed: <c>resolved</c>, <c>false_positive</c>, <c>expected</c> or <c>duplicate</c>.</param>
/// <param name="Until">How long alerts like it are suppressed.</param>
public sealed record AlertStepRequest(string? Comment, string? Assignee, string? Reason, string? Until);

/// <summary>Alerts to be suppressed.</summary>
/// <param name="Rule">Of which rule.</param>
/// <param name="Log">Of which log; null for all.</param>
/// <param name="Until">Until when.</param>
/// <param name="Comment">Why.</param>
public sealed record SuppressionRequest(string? Rule, string? Log, string? Until, string? Comment);

/// <summary>A part of what alerts have in common.</summary>
public sealed record GroupPartView(string Field, string Value);

/// <summary>Alerts that are told to nobody until some time.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Rule">Of which rule.</param>
/// <param name="Log">Of which log; not there for all.</param>
/// <param name="Group">Of which group; not there for all.</param>
/// <param name="Until">Until when.</param>
/// <param name="By">Who asked for it.</param>
/// <param name="Entry">The index of its entry.</param>
public sealed record SuppressionView(string Id, string Rule, string? Log, IReadOnlyList<GroupPartView>? Group, string Until, string By, long Entry);

/// <summary>The suppressions that hold.</summary>
public sealed record SuppressionList(IReadOnlyList<SuppressionView> Suppressions);

/// <summary>A rule or correlation that is asked of entries.</summary>
/// <param name="Id">Its id, as alerts say it.</param>
/// <param name="Version">Which text of it this is.</param>
/// <param name="Title">What it detects.</param>
/// <param name="Level">How grave it is.</param>
/// <param name="Status">As <c>stable</c> or <c>test</c>; not there where it says nothing.</param>
/// <param name="Kind"><c>event</c>, or which correlation.</param>
/// <param name="File">The file that it was read from.</param>
/// <param name="Line">The line that it begins at.</param>
/// <param name="Tags">As <c>attack.t1110</c>.</param>
/// <param name="Compliance">Requirements that it serves.</param>
/// <param name="Response">What to do when it matches; not there where it says nothing.</param>
/// <param name="Alerts">How many of its alerts there are that the caller may see, each with those that belong to it; not there where he may see none.</param>
/// <param name="Open">How many of these are open.</param>
/// <param name="LastRaised">When the last of them was raised.</param>
public sealed record RuleView(
    string Id, string Version, string Title, string Level, string? Status, string Kind, string File, int Line, IReadOnlyList<string> Tags, IReadOnlyList<string> Compliance, string? Response, int? Alerts, int? Open, string? LastRaised);

/// <summary>A document of rules that is refused.</summary>
/// <param name="File">Its file.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1.</param>
/// <param name="Reason">Why.</param>
public sealed record RuleFaultView(string File, int Line, int Column, string Reason);

/// <summary>Which rules changed, by their ids.</summary>
/// <param name="Added">Those that were not there.</param>
/// <param name="Removed">Those that are there no more.</param>
/// <param name="Changed">Those of which the text is another.</param>
public sealed record RuleChangeView(IReadOnlyList<string> Added, IReadOnlyList<string> Removed, IReadOnlyList<string> Changed);

/// <summary>The rules that are asked of entries.</summary>
/// <param name="Sha256">What their files come to.</param>
/// <param name="Since">Since when they are asked.</param>
/// <param name="Lag">Entries, of all logs, that they have not been asked of.</param>
/// <param name="Rules">The rules.</param>
/// <param name="Refused">What was refused.</param>
/// <param name="Change">How they differ from those before; not there where nothing was loaded now.</param>
public sealed record RuleList(string Sha256, string Since, long Lag, IReadOnlyList<RuleView> Rules, IReadOnlyList<RuleFaultView> Refused, RuleChangeView? Change);

/// <summary>A destination of notifications, and how it does.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Queued">Notifications that wait, escalations that are not due included.</param>
/// <param name="Dead">Notifications that were given up.</param>
/// <param name="LastSuccess">When it took one last; not there for never.</param>
/// <param name="LastFailure">When it did not take one last; not there for never.</param>
/// <param name="LastProblem">Why.</param>
public sealed record DestinationView(string Name, string Kind, long Queued, long Dead, string? LastSuccess, string? LastFailure, string? LastProblem);

/// <summary>The destinations of notifications.</summary>
public sealed record DestinationList(IReadOnlyList<DestinationView> Destinations);

/// <summary>Where an alert stands.</summary>
/// <param name="Log">The log.</param>
/// <param name="Index">The entry's index.</param>
public sealed record NotifyEntryView(string Log, long Index);

/// <summary>A notification that was given up.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Destination">The destination's name.</param>
/// <param name="Reason">Why it was to be told: raised, repeated or escalated.</param>
/// <param name="Alert">The alert's id.</param>
/// <param name="Entry">The alert's entry.</param>
/// <param name="RaisedAt">When that was received.</param>
/// <param name="GivenUpAt">When it was given up.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="Problem">Why it was not taken last.</param>
public sealed record DeadView(string Id, string Destination, string Reason, string Alert, NotifyEntryView Entry, string RaisedAt, string? GivenUpAt, int Attempts, string? Problem);

/// <summary>Notifications that were given up.</summary>
public sealed record DeadList(IReadOnlyList<DeadView> Items);

/// <summary>What became of a test.</summary>
/// <param name="Destination">The destination's name.</param>
/// <param name="Sent">Whether it took it.</param>
/// <param name="Problem">Why not, or what it did not take of it; not there where it took all.</param>
public sealed record NotifyTestView(string Destination, bool Sent, string? Problem);

/// <summary>The JSON of small bodies: snake_case, unknown members refused.</summary>
/// <summary>A stream to another system, and how it goes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State"><c>sending</c>, <c>idle</c> where everything was sent, <c>failing</c> where what was sent last was not taken and is tried again, <c>paused</c>.</param>
/// <param name="Logs">How far it has come in each log.</param>
/// <param name="Query">Which entries.</param>
/// <param name="Format"><c>indelible</c> or <c>ocsf</c>.</param>
/// <param name="Personal"><c>masked</c> or <c>clear</c>.</param>
/// <param name="To">The receiver: scheme, host and port.</param>
/// <param name="Sent">Entries that were taken since the server started.</param>
/// <param name="LastSuccess">When something was taken last, since the server started.</param>
/// <param name="LastFailure">When and why something was not, last.</param>
/// <param name="Refused">Entries that were passed over.</param>
public sealed record OutboundStreamView(
    string Name, string State, IReadOnlyList<OutboundLogView> Logs, string Query, string Format, string Personal, string To, long Sent, string? LastSuccess, StreamFailureView? LastFailure, RefusedEntriesView Refused);

/// <summary>How far a stream has come in a log.</summary>
/// <param name="Log">The log.</param>
/// <param name="Next">The next entry's index.</param>
/// <param name="Size">The log's.</param>
/// <param name="Lag">Entries that it has not looked at.</param>
/// <param name="LagSeconds">How long ago the first of them was received; 0 where there is none, null where it cannot be read.</param>
public sealed record OutboundLogView(string Log, long Next, long Size, long Lag, double? LagSeconds);

/// <summary>A failure to send.</summary>
/// <param name="At">When.</param>
/// <param name="Reason">Why.</param>
/// <param name="NextTry">When it is tried again; null where it was sent meanwhile.</param>
public sealed record StreamFailureView(string At, string Reason, string? NextTry);

/// <summary>Entries that a stream has passed over.</summary>
/// <param name="Count">How many, since the stream began.</param>
/// <param name="Last">The newest of them.</param>
public sealed record RefusedEntriesView(long Count, IReadOnlyList<RefusedEntryView> Last);

/// <summary>An entry that a stream has passed over.</summary>
/// <param name="Log">Its log.</param>
/// <param name="Index">Its index.</param>
/// <param name="Id">What it is known by in the stream.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">When.</param>
public sealed record RefusedEntryView(string Log, long Index, string Id, string Reason, string At);

/// <summary>The streams.</summary>
public sealed record OutboundStreamList(IReadOnlyList<OutboundStreamView> Streams);

/// <summary>What is to be sent again.</summary>
/// <param name="Log">Which log.</param>
/// <param name="From">From where: an index, or an instant in UTC at which entries were received.</param>
public sealed record ReplayRequest(string? Log, JsonElement From);

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
[JsonSerializable(typeof(KeyRequest))]
[JsonSerializable(typeof(ReplaceRequest))]
[JsonSerializable(typeof(BreakGlassRequest))]
[JsonSerializable(typeof(BrokenGlassView))]
[JsonSerializable(typeof(RevealRequest))]
[JsonSerializable(typeof(PrincipalView))]
[JsonSerializable(typeof(PrincipalList))]
[JsonSerializable(typeof(PrincipalRequest))]
[JsonSerializable(typeof(GrantView))]
[JsonSerializable(typeof(GrantList))]
[JsonSerializable(typeof(GrantRequest))]
[JsonSerializable(typeof(IssuerView))]
[JsonSerializable(typeof(IssuerList))]
[JsonSerializable(typeof(IssuerRequest))]
[JsonSerializable(typeof(CertificateView))]
[JsonSerializable(typeof(CertificateList))]
[JsonSerializable(typeof(CertificateRequest))]
[JsonSerializable(typeof(MeView))]
[JsonSerializable(typeof(SessionView))]
[JsonSerializable(typeof(AccessView))]
[JsonSerializable(typeof(SearchBody))]
[JsonSerializable(typeof(BacktestBody))]
[JsonSerializable(typeof(ConsistencyView))]
[JsonSerializable(typeof(VerificationRunList))]
[JsonSerializable(typeof(ExpectedSourceView))]
[JsonSerializable(typeof(ExpectedSourceList))]
[JsonSerializable(typeof(AlertStepRequest))]
[JsonSerializable(typeof(SuppressionRequest))]
[JsonSerializable(typeof(SuppressionView))]
[JsonSerializable(typeof(SuppressionList))]
[JsonSerializable(typeof(RuleList))]
[JsonSerializable(typeof(DestinationList))]
[JsonSerializable(typeof(DeadList))]
[JsonSerializable(typeof(NotifyTestView))]
[JsonSerializable(typeof(OutboundStreamView))]
[JsonSerializable(typeof(OutboundStreamList))]
[JsonSerializable(typeof(ReplayRequest))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    private static ApiJson? s_plain;

    /// <summary>The context that answers are written with: only what JSON asks for is escaped.</summary>
    public static ApiJson Plain => s_plain ??= new ApiJson(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
