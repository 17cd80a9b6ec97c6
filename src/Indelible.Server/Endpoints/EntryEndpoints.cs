using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Publishing;
using Indelible.Proofs;
using Indelible.Server.Access;
using Indelible.Server.Limits;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary>One entry, its inclusion proof, and consistency between sizes.</summary>
internal static class EntryEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/logs/{log}/events/{index:long}", GetEntry).WithName("getEntry").WithTags("events")
            .WithSummary("The entry's exact bytes")
            .WithDescription("The header Indelible-Leaf-Hash carries the leaf hash, Indelible-Personal whether the caller is shown personal values: shown, on_request or hidden. ?openings=true answers {entry, openings}: what the personal values were sealed with. ?view=clear answers the entry with its personal values in clear, which no longer hashes to the leaf.")
            .Produces<object>(200, "application/json").ProducesProblem(404);
        routes.MapPost("/api/logs/{log}/events/{index:long}/reveal", RevealAsync).WithName("revealEntry").WithTags("events")
            .WithSummary("The entry with its personal values, for those who are shown them on request: for a reason, which is recorded first")
            .Accepts<RevealRequest>("application/json").Produces<object>(200, "application/json").ProducesProblem(400).ProducesProblem(404);
        routes.MapGet("/api/logs/{log}/events/{index:long}/proof", GetProofAsync).WithName("getProof").WithTags("proofs")
            .WithSummary("A C2SP tlog-proof file: inclusion of the entry in the latest checkpoint, or in that of ?size=")
            .Produces<string>(200, "text/plain").ProducesProblem(404);
        routes.MapGet("/api/logs/{log}/consistency", GetConsistency).WithName("getConsistency").WithTags("proofs")
            .WithSummary("Proves that the tree of size ?from= is the beginning of the tree of size ?to= (default: the latest checkpoint's)")
            .Produces<object>(200, "application/json").ProducesProblem(400);
    }

    private static async Task GetEntry(HttpContext context, LogEngine engine, RequestRates rates, string log, long index)
    {
        (Caller caller, LogReader reader, LogAccess access) = AccessControl.Require(context, engine, log, Rights.Read);
        rates.CountQuery(caller.CredentialId, caller.Rates);
        (ReadOnlyMemory<byte> entry, PersonalView personal) = Find(reader, new VisibleEntries(reader, access.SightsFor(Rights.Read)), index);
        bool isClear = context.Request.Query["view"].ToString() switch
        {
            "" => false,
            "clear" => true,
            _ => throw new ProblemException(Problem.InvalidParameter("view", "clear, or nothing for the exact bytes")),
        };
        bool hasOpenings = QueryFlag.Read(context, "openings");
        if ((isClear || hasOpenings) && personal != PersonalView.Shown)
        {
            throw new ProblemException(Problem.Forbidden(personal == PersonalView.OnRequest ? $"a reason: POST /api/logs/{log}/events/{index}/reveal" : "a grant that shows personal values"));
        }

        if (hasOpenings && new VisibleEntries(reader, access.SightsFor(Rights.Export)).PersonalOf(entry) is not PersonalView.Shown)
        {
            throw new ProblemException(Problem.Forbidden("the right to export"));
        }

        await AccessTrail.ViewedAsync(engine, caller, reader, index, isClear || hasOpenings);
        HttpResponse response = context.Response;
        response.ContentType = "application/json";
        response.Headers["Indelible-Leaf-Hash"] = reader.ReadLeafHash(index).ToBase64();
        response.Headers["Indelible-Personal"] = PersonalViews.WordOf(personal);
        if (isClear)
        {
            response.Headers["Indelible-View"] = "clear";
        }

        if (hasOpenings)
        {
            await using Utf8JsonWriter json = JsonText.Writer(response.BodyWriter);
            json.WriteStartObject();
            json.WritePropertyName("entry");
            json.WriteRawValue((isClear ? reader.Decrypt(entry) : entry).Span, skipInputValidation: true);
            OpeningsJson.Write(json, reader.Open(entry));
            json.WriteEndObject();
            return;
        }

        await response.Body.WriteAsync(isClear ? reader.Decrypt(entry) : entry, context.RequestAborted);
    }

    private static async Task RevealAsync(HttpContext context, LogEngine engine, string log, long index)
    {
        (Caller caller, LogReader reader, LogAccess access) = AccessControl.Require(context, engine, log, Rights.Read);
        var entries = new VisibleEntries(reader, access.SightsFor(Rights.Read));
        (ReadOnlyMemory<byte> entry, PersonalView personal) = Find(reader, entries, index);
        if (personal == PersonalView.Hidden)
        {
            throw new ProblemException(Problem.Forbidden("a grant that shows personal values, or shows them on request"));
        }

        RevealRequest wanted = await SmallBody.ReadAsync(context, ApiJson.Plain.RevealRequest);
        string reason = wanted.Reason?.Trim() ?? "";
        if (reason.Length is 0 or > ServerLimits.ReasonText || !VisibleText.IsVisible(reason))
        {
            throw new ProblemException(Problem.InvalidParameter("/reason", $"why, in 1 to {ServerLimits.ReasonText} visible characters; it is recorded"));
        }

        await AccessTrail.RevealedAsync(engine, caller, reader, index, reason);
        context.Response.ContentType = "application/json";
        await using (Utf8JsonWriter json = JsonText.Writer(context.Response.BodyWriter))
        {
            EntryItem.Write(json, reader, entries, index, entry, reader.Decrypt(entry));
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static async Task<IResult> GetProofAsync(HttpContext context, LogEngine engine, RequestRates rates, string log, long index)
    {
        Admission admission = AccessControl.Require(context, engine, log, Rights.Read);
        rates.CountQuery(admission.Caller.CredentialId, admission.Caller.Rates);
        LogReader reader = admission.Log;
        Find(reader, admission.EntriesFor(Rights.Read), index);
        PublishedCheckpoint checkpoint;
        if (QueryFlag.ReadNumber(context, "size") is { } size)
        {
            if (size <= index || size > reader.Size)
            {
                throw new ProblemException(Problem.InvalidParameter("size", $"greater than the index {index} and at most the log's {reader.Size}"));
            }

            checkpoint = reader.CheckpointOfSize(size) ?? throw new ProblemException(Problem.NotFound(
                $"No checkpoint of size {size} is kept; the last {EngineLimits.RetainedCheckpoints} are, the latest of size {reader.Checkpoint.Head.Size}."));
        }
        else
        {
            checkpoint = await reader.WaitForCheckpointAsync(index + 1, context.RequestAborted);
        }

        var proof = new TlogProof(index, reader.ProveInclusion(index, checkpoint.Head.Size), checkpoint.Note);
        return TypedResults.Text(proof.Format(), "text/plain; charset=utf-8");
    }

    private static IResult GetConsistency(HttpContext context, LogEngine engine, string log)
    {
        LogReader reader = AccessControl.RequirePublicOrVerifier(context, engine, log);
        long published = reader.Checkpoint.Head.Size;
        long to = QueryFlag.ReadNumber(context, "to") ?? published;
        long from = QueryFlag.ReadNumber(context, "from") ?? throw new ProblemException(Problem.InvalidParameter("from", "the size to prove from is missing"));
        if (to > published || from > to)
        {
            throw new ProblemException(Problem.InvalidParameter(to > published ? "to" : "from", $"sizes with from ≤ to ≤ {published}, the latest checkpoint's"));
        }

        return TypedResults.Json(
            new ConsistencyView(from, to, [.. reader.ProveConsistency(from, to).Select(hash => hash.ToBase64())]), ApiJson.Plain.ConsistencyView);
    }

    /// <summary>An entry as the caller sees it.</summary>
    /// <exception cref="ProblemException">404: there is none of this index that he sees.</exception>
    public static ReadOnlyMemory<byte> FindView(LogReader reader, VisibleEntries entries, long index) =>
        entries.TrySee(Find(reader, entries, index).Entry, out ReadOnlyMemory<byte> view) ? view : throw new InvalidOperationException("An entry that was seen is not seen.");

    /// <summary>An entry, and what the caller sees of its personal values. One that he does not see is answered as one that there is not.</summary>
    private static (ReadOnlyMemory<byte> Entry, PersonalView Personal) Find(LogReader reader, VisibleEntries entries, long index)
    {
        if (index >= 0 && index < reader.Size)
        {
            ReadOnlyMemory<byte> entry = reader.ReadEntry(index);
            if (entries.PersonalOf(entry) is { } personal)
            {
                return (entry, personal);
            }
        }

        throw new ProblemException(Problem.NotFound(entries.IsWhole ? $"The log has {reader.Size} entries; there is none of index {index}." : $"There is no entry of index {index} that this key is for."));
    }
}
