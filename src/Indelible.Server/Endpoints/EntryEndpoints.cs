using System.Text.Json;
using Indelible.Engine;
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
            .WithDescription("The header Indelible-Leaf-Hash carries the leaf hash. ?openings=true answers {entry, openings}: what the personal values were sealed with. ?view=clear answers the entry with its personal values in clear, which no longer hashes to the leaf.")
            .Produces<object>(200, "application/json").ProducesProblem(404);
        routes.MapGet("/api/logs/{log}/events/{index:long}/proof", GetProofAsync).WithName("getProof").WithTags("proofs")
            .WithSummary("A C2SP tlog-proof file: inclusion of the entry in the latest checkpoint, or in that of ?size=")
            .Produces<string>(200, "text/plain").ProducesProblem(404);
        routes.MapGet("/api/logs/{log}/consistency", GetConsistency).WithName("getConsistency").WithTags("proofs")
            .WithSummary("Proves that the tree of size ?from= is the beginning of the tree of size ?to= (default: the latest checkpoint's)")
            .Produces<object>(200, "application/json").ProducesProblem(400);
    }

    private static async Task GetEntry(HttpContext context, LogEngine engine, RequestRates rates, string log, long index)
    {
        (Caller caller, LogReader reader) = AccessControl.RequireReader(context, engine, log);
        rates.CountQuery(caller.Key.Id);
        CheckIndex(reader, index);
        bool isClear = context.Request.Query["view"].ToString() switch
        {
            "" => false,
            "clear" => true,
            _ => throw new ProblemException(Problem.InvalidParameter("view", "clear, or nothing for the exact bytes")),
        };
        bool hasOpenings = QueryFlag.Read(context, "openings");
        await AccessTrail.ViewedAsync(engine, caller, reader, index, isClear || hasOpenings);
        ReadOnlyMemory<byte> entry = reader.ReadEntry(index);
        HttpResponse response = context.Response;
        response.ContentType = "application/json";
        response.Headers["Indelible-Leaf-Hash"] = reader.ReadLeafHash(index).ToBase64();
        if (isClear)
        {
            response.Headers["Indelible-View"] = "clear";
            entry = reader.Decrypt(entry);
        }

        if (hasOpenings)
        {
            await using Utf8JsonWriter json = JsonText.Writer(response.BodyWriter);
            json.WriteStartObject();
            json.WritePropertyName("entry");
            json.WriteRawValue(entry.Span, skipInputValidation: true);
            OpeningsJson.Write(json, reader.Open(reader.ReadEntry(index)));
            json.WriteEndObject();
            return;
        }

        await response.Body.WriteAsync(entry, context.RequestAborted);
    }

    private static async Task<IResult> GetProofAsync(HttpContext context, LogEngine engine, RequestRates rates, string log, long index)
    {
        (Caller caller, LogReader reader) = AccessControl.RequireReader(context, engine, log);
        rates.CountQuery(caller.Key.Id);
        CheckIndex(reader, index);
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
        LogReader reader = AccessControl.RequirePublicOrMember(context, engine, log);
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

    private static void CheckIndex(LogReader reader, long index)
    {
        if (index < 0 || index >= reader.Size)
        {
            throw new ProblemException(Problem.NotFound($"The log has {reader.Size} entries; there is none of index {index}."));
        }
    }
}
