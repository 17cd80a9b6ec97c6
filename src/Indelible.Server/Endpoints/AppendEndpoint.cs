using System.Buffers;
using System.Text;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Publishing;
using Indelible.Engine.Sequencing;
using Indelible.Merkle;
using Indelible.Server.Access;
using Indelible.Server.Ingestion;
using Indelible.Server.Ingestion.CloudEvents;
using Indelible.Server.Limits;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary><c>POST /api/logs/{log}/events</c>: events in, receipts out.</summary>
internal static class AppendEndpoint
{
    // What writing a receipt costs on one core, its path of hashes included.
    private const int MicrosecondsPerReceipt = 3;

    private enum Ack
    {
        Durable,
        Published,
    }

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost("/api/logs/{log}/events", HandleAsync)
        .WithName("appendEvents")
        .WithTags("events")
        .WithSummary("Append one event, an array of events, events line by line (NDJSON), or CloudEvents")
        .WithDescription("?ack=durable (default) answers when the entries are on disk, with a signed receipt; published answers with inclusion proofs. ?partial=true takes the valid events of a batch. ?openings=true returns what the personal values were sealed with. ?original=clear leaves data.original unencrypted.")
        .Accepts<object>("application/json", "application/x-ndjson", CloudEventReader.Structured, CloudEventReader.Batch, "*/*")
        .Produces<object>(201, "application/json")
        .Produces<object>(200, "application/json")
        .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409)
        .ProducesProblem(413).ProducesProblem(415).ProducesProblem(429).ProducesProblem(503);

    private static async Task HandleAsync(HttpContext context, LogEngine engine, EventDoor door, NodeResources resources, string log)
    {
        (Caller caller, LogReader reader, _) = AccessControl.Require(context, engine, log, Rights.Append);
        Ack ack = AckOf(context);
        bool partial = QueryFlag.Read(context, "partial");
        bool openings = QueryFlag.Read(context, "openings");
        var options = new AppendOptions(partial, OriginalInClear(context));
        EventBatch batch = await ReadAsync(context, door, log, caller);
        if (batch.Refused.Count > 0 && !partial)
        {
            door.Refused(log, caller, batch.Refused);
            throw new ProblemException(Problem.InvalidEvents(batch.Refused));
        }

        string protocol = CloudEventReader.IsCloudEvent(context.Request) ? "cloudevents" : "api";
        (batch, AppendResult result) = await door.AppendAsync(reader, caller, protocol, options, batch, context.RequestAborted);
        if (result.Refused)
        {
            throw new ProblemException(ConflictOf(reader, result.Events));
        }

        PublishedCheckpoint? checkpoint = null;
        if (ack == Ack.Published && result.Receipts is not null)
        {
            // What a finished log holds is under its last checkpoint already.
            long needed = result.Events.Where(e => e.IsLogged && e.EarlierLog is null).Select(e => e.Index + 1).DefaultIfEmpty(0).Max();
            checkpoint = await reader.WaitForCheckpointAsync(needed, context.RequestAborted);
        }

        bool anyNew = result.Events.Any(e => e.Status == AppendStatus.Appended);
        context.Response.StatusCode = partial || !anyNew ? StatusCodes.Status200OK : StatusCodes.Status201Created;
        context.Response.ContentType = "application/json";
        var writer = new AnswerWriter(engine, reader, result, checkpoint, openings);
        await resources.ComputeAsync(log, result.Events.Count * MicrosecondsPerReceipt, () =>
        {
            if (partial)
            {
                writer.WriteResults(context.Response.BodyWriter, batch);
            }
            else
            {
                writer.WriteReceipts(context.Response.BodyWriter);
            }

            return writer;
        });

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>Reads the events of a request; one that cannot be divided into events counts as one refused.</summary>
    private static async Task<EventBatch> ReadAsync(HttpContext context, EventDoor door, string log, Caller caller)
    {
        try
        {
            ReadOnlyMemory<byte> body = await door.ReadBodyAsync(context, log, caller);
            return await door.DivideAsync(log, body, () => CloudEventReader.IsCloudEvent(context.Request)
                ? CloudEventReader.Read(context.Request, body, door.Time)
                : EventBatch.Read(context.Request.ContentType, body));
        }
        catch (ProblemException e)
        {
            door.RefusedWhole(log, caller, e.Problem);
            throw;
        }
    }

    private static Problem ConflictOf(LogReader log, IReadOnlyList<AppendedEvent> refused) => refused.All(e => e.Status == AppendStatus.Conflict)
        ? Problem.IdConflict(refused.Select(e => (e.Item, e.Id, IndexOfEarlier(log, e), e.EarlierLog)))
        : Problem.StreamTaken(refused.Select(e => e.Status == AppendStatus.StreamTaken
            ? Problem.StreamTakenAt(e.Item)
            : Problem.IdConflict(e.Item, e.Id, IndexOfEarlier(log, e), e.EarlierLog)));

    /// <summary>The entry that has the id of a refused event; null where an event of the same request has it, not logged either.</summary>
    private static long? IndexOfEarlier(LogReader log, AppendedEvent conflict) =>
        conflict.EarlierLog is not null || (conflict.Index < log.Size && log.ReadLeafHash(conflict.Index) == conflict.LeafHash) ? conflict.Index : null;

    private static Ack AckOf(HttpContext context) => context.Request.Query["ack"].ToString() switch
    {
        "" or "durable" => Ack.Durable,
        "published" => Ack.Published,
        "witnessed" => throw new ProblemException(Problem.InvalidParameter("ack", "this log has no witness policy, so nothing would ever be witnessed")),
        _ => throw new ProblemException(Problem.InvalidParameter("ack", "durable, published or witnessed")),
    };

    private static bool OriginalInClear(HttpContext context) => context.Request.Query["original"].ToString() switch
    {
        "" or "personal" => false,
        "clear" => true,
        _ => throw new ProblemException(Problem.InvalidParameter("original", "personal or clear")),
    };

    /// <summary>Writes the answer's JSON.</summary>
    private sealed class AnswerWriter(LogEngine engine, LogReader log, AppendResult result, PublishedCheckpoint? checkpoint, bool openings)
    {
        private readonly string _checkpointText = checkpoint is null ? "" : Encoding.UTF8.GetString(checkpoint.Note.Span);

        public void WriteReceipts(IBufferWriter<byte> output)
        {
            using Utf8JsonWriter json = JsonText.Writer(output);
            json.WriteStartObject();
            json.WriteStartArray("receipts");
            foreach (AppendedEvent appended in result.Events)
            {
                WriteReceipt(json, appended);
            }

            json.WriteEndArray();
            WriteNotes(json);
            json.WriteEndObject();
        }

        public void WriteResults(IBufferWriter<byte> output, EventBatch batch)
        {
            using Utf8JsonWriter json = JsonText.Writer(output);
            json.WriteStartObject();
            json.WriteStartArray("results");
            int next = 0;
            Dictionary<int, RefusedEvent> refused = batch.Refused.ToDictionary(e => e.Item);
            for (int item = 0; item < batch.Claims.Count; item++)
            {
                json.WriteStartObject();
                if (batch.Claims[item] is null)
                {
                    json.WriteString("status", "invalid");
                    WriteErrors(json, refused[item].Faults.Select(fault => Problem.Of(item, fault)));
                }
                else if (result.Events[next] is { Status: AppendStatus.StreamTaken })
                {
                    next++;
                    json.WriteString("status", "conflict");
                    WriteErrors(json, [Problem.StreamTakenAt(item)]);
                }
                else if (result.Events[next++] is { Status: AppendStatus.Conflict } conflict)
                {
                    json.WriteString("status", "conflict");
                    WriteErrors(json, [Problem.IdConflict(item, conflict.Id, conflict.Index, conflict.EarlierLog)]);
                }
                else
                {
                    AppendedEvent appended = result.Events[next - 1];
                    json.WriteString("status", appended.Status == AppendStatus.Appended ? "appended" : "repeated");
                    json.WritePropertyName("receipt");
                    WriteReceipt(json, appended);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            WriteNotes(json);
            json.WriteEndObject();
        }

        private static void WriteErrors(Utf8JsonWriter json, IEnumerable<ProblemError> errors)
        {
            json.WriteStartArray("errors");
            foreach (ProblemError error in errors)
            {
                Problem.Write(json, error);
            }

            json.WriteEndArray();
        }

        private void WriteReceipt(Utf8JsonWriter json, AppendedEvent appended)
        {
            LogReader holder = appended.EarlierLog is { } earlier ? engine.Find(earlier)! : log;
            json.WriteStartObject();
            json.WriteString("id", appended.Id);
            json.WriteString("log", holder.Settings.Name);
            json.WriteString("origin", holder.Settings.Origin);
            json.WriteNumber("index", appended.Index);
            json.WriteBase64String("leaf_hash", appended.LeafHash.Bytes);
            json.WriteBase64String("claim_hash", appended.ClaimHash.Bytes);
            json.WriteString("received_at", appended.ReceivedAt);
            json.WriteString("status", checkpoint is null ? "durable" : "published");
            json.WriteNumber("position", appended.ReceiptPosition);
            WriteHashes(json, "path", result.Receipts!.PathOf(appended.ReceiptPosition));
            if (checkpoint is not null)
            {
                // Of an entry that a finished log holds, the proof is against that log's last checkpoint, which comes with it.
                PublishedCheckpoint proven = holder == log ? checkpoint : holder.Checkpoint;
                WriteHashes(json, "proof", holder.ProveInclusion(appended.Index, proven.Head.Size));
                if (holder != log)
                {
                    json.WriteString("checkpoint", Encoding.UTF8.GetString(proven.Note.Span));
                }
            }

            if (openings)
            {
                OpeningsJson.Write(json, holder.Open(holder.ReadEntry(appended.Index)));
            }

            json.WriteEndObject();
        }

        private void WriteNotes(Utf8JsonWriter json)
        {
            if (result.Receipts is null)
            {
                json.WriteNull("receipt_note");
            }
            else
            {
                json.WriteString("receipt_note", result.Receipts.Note);
            }

            if (checkpoint is null)
            {
                json.WriteNull("checkpoint");
            }
            else
            {
                json.WriteString("checkpoint", _checkpointText);
            }
        }

        private static void WriteHashes(Utf8JsonWriter json, string name, ReadOnlySpan<Hash> hashes)
        {
            json.WriteStartArray(name);
            foreach (Hash hash in hashes)
            {
                json.WriteBase64StringValue(hash.Bytes);
            }

            json.WriteEndArray();
        }
    }
}
