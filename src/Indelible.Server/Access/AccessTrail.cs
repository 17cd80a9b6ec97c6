using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Events;
using Indelible.Search;
using Indelible.Server.Access.Sessions;
using Indelible.Server.Backtests;
using Indelible.Server.Export;
using Indelible.Verification;

namespace Indelible.Server.Access;

/// <summary>Enters in <c>_access</c> what callers read. Nothing that was read leaves before the entry is durable; what cannot be entered is not answered.</summary>
/// <remarks>
/// An entry tells who (principal, key, address), what was asked and how much of it was answered. The text of a query may hold somebody's
/// name or address: it lies in <c>data.original</c>, which is encrypted. Entries of one moment share a write, as all appends do.
/// </remarks>
internal static class AccessTrail
{
    /// <summary>A page of a search.</summary>
    public static Task SearchedAsync(LogEngine engine, Caller caller, LogReader log, SearchRequest request, SearchPage page) =>
        NoteAsync(engine, caller, AccessKind.Search, log, data =>
        {
            data.WriteNumber("as_of", page.AsOf);
            data.WriteNumber("results", page.Items.Count);
            data.WriteNumber("total", page.Total.Value);
            WriteQuery(data, request.Query, request.Time);
        });

    /// <summary>Counts.</summary>
    public static Task CountedAsync(LogEngine engine, Caller caller, LogReader log, CountRequest request, CountResult result) =>
        NoteAsync(engine, caller, AccessKind.Count, log, data =>
        {
            data.WriteNumber("as_of", result.AsOf);
            data.WriteNumber("total", result.Total.Value);
            if (request.By is { } by)
            {
                data.WriteString("by", by.ToString());
            }

            WriteQuery(data, request.Query, request.Time);
        });

    /// <summary>A rule that was run over what a log has.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="caller">Who ran it.</param>
    /// <param name="log">The log.</param>
    /// <param name="request">What he asked for.</param>
    /// <param name="result">What was found.</param>
    public static Task BacktestedAsync(LogEngine engine, Caller caller, LogReader log, BacktestRequest request, BacktestResult result) =>
        NoteAsync(engine, caller, AccessKind.Backtest, log, data =>
        {
            data.WriteNumber("as_of", request.AsOf);
            data.WriteNumber("matched", result.Matched);
            data.WriteNumber("findings", result.Total);
            data.WriteNumber("results", result.Findings.Count);
            WriteTime(data, request.Time);

            // A rule may name whom it is about, as a query may.
            data.WriteStartObject("original");
            data.WriteString("rule", request.Text.Length <= ServerLimits.BacktestNotedText ? request.Text : request.Text[..ServerLimits.BacktestNotedText] + "…");
            data.WriteEndObject();
        });

    /// <summary>One entry.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="caller">Who reads.</param>
    /// <param name="log">The log.</param>
    /// <param name="index">The entry's.</param>
    /// <param name="isClear">Whether personal values are shown, by decryption or by openings.</param>
    public static Task ViewedAsync(LogEngine engine, Caller caller, LogReader log, long index, bool isClear) =>
        NoteAsync(engine, caller, AccessKind.View, log, data =>
        {
            data.WriteNumber("index", index);
            data.WriteBoolean("clear", isClear);
        });

    /// <summary>What stands around one entry.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="caller">Who reads.</param>
    /// <param name="log">The log.</param>
    /// <param name="index">The entry's.</param>
    /// <param name="asOf">The size that the answer covers.</param>
    /// <param name="results">How many entries are shown.</param>
    public static Task SurroundedAsync(LogEngine engine, Caller caller, LogReader log, long index, long asOf, int results) =>
        NoteAsync(engine, caller, AccessKind.Context, log, data =>
        {
            data.WriteNumber("index", index);
            data.WriteNumber("as_of", asOf);
            data.WriteNumber("results", results);
        });

    /// <summary>What a log knows of one entity.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="log">The log.</param>
    /// <param name="kind">What it is; which one is in the query.</param>
    /// <param name="query">What selects its entries.</param>
    /// <param name="total">How many there are.</param>
    /// <param name="asOf">The size that the answer covers.</param>
    public static Task EntitySeenAsync(LogEngine engine, Caller caller, LogReader log, string kind, Query query, SearchTotal total, long asOf) =>
        NoteAsync(engine, caller, AccessKind.Entity, log, data =>
        {
            data.WriteString("kind", kind);
            data.WriteNumber("as_of", asOf);
            data.WriteNumber("total", total.Value);
            WriteQuery(data, query, null);
        });

    /// <summary>A live tail, from <paramref name="next"/> on: noted when it begins.</summary>
    public static Task FollowedAsync(LogEngine engine, Caller caller, LogReader log, Query query, long next) =>
        NoteAsync(engine, caller, AccessKind.Tail, log, data =>
        {
            data.WriteNumber("from", next);
            WriteQuery(data, query, null);
        });

    /// <summary>Personal values of one entry, for a reason.</summary>
    public static Task RevealedAsync(LogEngine engine, Caller caller, LogReader log, long index, string reason) =>
        engine.NoteAccessAsync(
            new AccessNote(AccessKind.Reveal, ("log", log.Settings.Name), data => data.WriteNumber("index", index)) { Tenant = TenantOf(caller, log), Reason = reason }, caller.ForAppend("http"));

    /// <summary>What a log knows of its producers.</summary>
    public static Task SourcesSeenAsync(LogEngine engine, Caller caller, LogReader log, int sources) =>
        NoteAsync(engine, caller, AccessKind.Sources, log, data => data.WriteNumber("results", sources));

    /// <summary>Alerts and how they stand.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="caller">Who looks.</param>
    /// <param name="log">The log of the alerts.</param>
    /// <param name="alert">The one that he is shown; null for a list.</param>
    /// <param name="results">How many he is shown.</param>
    public static Task AlertsSeenAsync(LogEngine engine, Caller caller, LogReader log, string? alert, int results) =>
        NoteAsync(engine, caller, AccessKind.Alerts, log, data =>
        {
            if (alert is not null)
            {
                data.WriteString("alert", alert);
            }

            data.WriteNumber("results", results);
        });

    /// <summary>A part of the configuration, or of its history.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="caller">Who looks.</param>
    /// <param name="what">Which part.</param>
    /// <param name="results">How much of it he was shown.</param>
    public static Task InspectedAsync(LogEngine engine, Caller caller, string what, int results) => engine.NoteAccessAsync(
        new AccessNote(AccessKind.Inspect, ("configuration", what), data => data.WriteNumber("results", results)) { Tenant = caller.Authority.Tenant }, caller.ForAppend("http"));

    /// <summary>Something that an administrator is about to do with a stream to another system.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="caller">Who does it.</param>
    /// <param name="kind">What.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="data">Writes the particulars.</param>
    public static Task StreamChangedAsync(LogEngine engine, Caller caller, AccessKind kind, string stream, Action<Utf8JsonWriter> data) =>
        engine.NoteAccessAsync(new AccessNote(kind, ("stream", stream), data), caller.ForAppend("http"));

    /// <summary>A verification of every log that somebody asked for.</summary>
    public static Task VerifiedAsync(LogEngine engine, Caller caller) =>
        engine.NoteAccessAsync(new AccessNote(AccessKind.Verify, ("node", engine.Settings.Host), _ => { }), caller.ForAppend("http"));

    /// <summary>What is done with notifications.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="caller">Who does it.</param>
    /// <param name="kind">What he does.</param>
    /// <param name="target">With what.</param>
    /// <param name="destination">The destination that it is about.</param>
    public static Task NotificationAsync(LogEngine engine, Caller caller, AccessKind kind, (string Type, string Id) target, string destination) =>
        engine.NoteAccessAsync(new AccessNote(kind, target, data => data.WriteString("destination", destination)), caller.ForAppend("http"));

    /// <summary>A sign-in, into the session that the caller has from now on.</summary>
    public static Task SignedInAsync(LogEngine engine, Caller caller) => engine.NoteAccessAsync(
        new AccessNote(AccessKind.SignIn, ("session", caller.SignedIn!.Id), data => data.WriteString("expires", Instant.Format(caller.SignedIn.Expires))) { Tenant = caller.Authority.Tenant },
        caller.ForAppend("http"));

    /// <summary>The end of a session.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="session">Ended.</param>
    /// <param name="caller">Whose it was; with an address where he ended it.</param>
    public static Task SignedOutAsync(LogEngine engine, Session session, AppendCaller caller) => engine.NoteAccessAsync(
        new AccessNote(AccessKind.SignOut, ("session", session.Id), data =>
        {
            data.WriteString("reason", SessionEnds.WordOf(session.End!.Value));
            data.WriteString("started", Instant.Format(session.Started));
            data.WriteString("last_used", Instant.Format(session.Used));
        })
        { Tenant = session.Tenant },
        caller);

    /// <summary>An entry bundle.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="caller">Who reads.</param>
    /// <param name="log">The log.</param>
    /// <param name="from">The first entry's index.</param>
    /// <param name="count">How many.</param>
    public static Task ExportedAsync(LogEngine engine, Caller caller, LogReader log, long from, int count) =>
        NoteAsync(engine, caller, AccessKind.Export, log, data =>
        {
            data.WriteNumber("from", from);
            data.WriteNumber("count", count);
        });

    /// <summary>The beginning of an export, before the first byte of it leaves.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="caller">Who exports.</param>
    /// <param name="log">The log.</param>
    /// <param name="id">The export's id.</param>
    /// <param name="request">What he wants.</param>
    public static Task ExportBeganAsync(LogEngine engine, Caller caller, LogReader log, string id, ExportRequest request) =>
        NoteAsync(engine, caller, AccessKind.Export, log, data =>
        {
            data.WriteString("export", id);
            data.WriteNumber("as_of", request.AsOf);
            data.WriteString("format", request.Format);
            data.WriteBoolean("proofs", request.HasProofs);
            WriteQuery(data, request.Query, request.Time);
        });

    /// <summary>The end of an export: how much of it has left.</summary>
    public static Task ExportEndedAsync(LogEngine engine, Caller caller, LogReader log, ExportManifest manifest) => engine.NoteAccessAsync(
        new AccessNote(AccessKind.ExportEnd, ("log", log.Settings.Name), data =>
        {
            data.WriteString("export", manifest.Id);
            data.WriteNumber("count", manifest.Count);
            data.WriteNumber("bytes", manifest.Bytes);
            data.WriteString("sha256", manifest.Sha256);
            data.WriteBoolean("complete", manifest.IsComplete);
            if (manifest.Broken is { } broken)
            {
                data.WriteString("broken", broken);
            }
        })
        { Tenant = TenantOf(caller, log), HasFailed = !manifest.IsComplete },
        caller.ForAppend("http"));

    private static Task NoteAsync(LogEngine engine, Caller caller, AccessKind kind, LogReader log, Action<Utf8JsonWriter> data) =>
        engine.NoteAccessAsync(new AccessNote(kind, ("log", log.Settings.Name), data) { Tenant = TenantOf(caller, log) }, caller.ForAppend("http"));

    /// <summary>Whose auditors may see it: those of the log's tenant; of our own logs, those of the caller's.</summary>
    private static string? TenantOf(Caller caller, LogReader log) => Tenant.OfLog(log.Settings.Name) ?? caller.Authority.Tenant;

    private static void WriteTime(Utf8JsonWriter data, TimeRange time)
    {
        if (time.From is { } from)
        {
            data.WriteString("time_from", Instant.Format(from));
        }

        if (time.To is { } to)
        {
            data.WriteString("time_to", Instant.Format(to));
        }
    }

    private static void WriteQuery(Utf8JsonWriter data, Query query, TimeRange? time)
    {
        WriteTime(data, time ?? default);
        data.WriteStartObject("original");
        data.WriteString("q", query.ToString());
        data.WriteEndObject();
    }
}
