using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Events;
using Indelible.Search;
using Indelible.Server.Access.Sessions;
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

    /// <summary>A part of the configuration, or of its history.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="caller">Who looks.</param>
    /// <param name="what">Which part.</param>
    /// <param name="results">How much of it he was shown.</param>
    public static Task InspectedAsync(LogEngine engine, Caller caller, string what, int results) => engine.NoteAccessAsync(
        new AccessNote(AccessKind.Inspect, ("configuration", what), data => data.WriteNumber("results", results)) { Tenant = caller.Authority.Tenant }, caller.ForAppend("http"));

    /// <summary>A verification of every log that somebody asked for.</summary>
    public static Task VerifiedAsync(LogEngine engine, Caller caller) =>
        engine.NoteAccessAsync(new AccessNote(AccessKind.Verify, ("node", engine.Settings.Host), _ => { }), caller.ForAppend("http"));

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

    private static void WriteQuery(Utf8JsonWriter data, Query query, TimeRange? time)
    {
        if (time?.From is { } from)
        {
            data.WriteString("time_from", Instant.Format(from));
        }

        if (time?.To is { } to)
        {
            data.WriteString("time_to", Instant.Format(to));
        }

        data.WriteStartObject("original");
        data.WriteString("q", query.ToString());
        data.WriteEndObject();
    }
}
