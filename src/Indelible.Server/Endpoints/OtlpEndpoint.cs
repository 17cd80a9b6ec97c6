using System.Buffers.Binary;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Sequencing;
using Indelible.Events;
using Indelible.Server.Access;
using Indelible.Server.Ingestion;
using Indelible.Server.Ingestion.Otlp;
using Indelible.Server.Limits;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary>OpenTelemetry's logs: <c>POST /v1/logs</c> in protobuf and JSON, and the gRPC service <c>LogsService</c>. OTLP 1.x.</summary>
/// <remarks>What fits is appended and durable before the answer; what does not is counted as rejected, and never sent again by a conforming exporter.</remarks>
internal static class OtlpEndpoint
{
    /// <summary>The gRPC method.</summary>
    public const string GrpcPath = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

    private const string Protobuf = "application/x-protobuf";
    private const string Json = "application/json";
    private const string Grpc = "application/grpc";
    private const string LogHeader = "indelible-log";
    private const int FrameHeaderBytes = 5;

    // The entries of a request may repeat its resource in each: of what is to be appended at once there is a bound as well.
    private const long MostClaimBytes = 4L * EventLimits.BatchBytes;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/logs", HandleHttpAsync)
            .WithName("exportLogs")
            .WithTags("events")
            .WithSummary("OpenTelemetry logs over HTTP (OTLP), in protobuf or JSON")
            .WithDescription("The log is the key's only one, or that of the header indelible-log.")
            .Accepts<object>(Protobuf, Json)
            .Produces(200);
        routes.MapPost(GrpcPath, HandleGrpcAsync).ExcludeFromDescription();
    }

    private static async Task HandleHttpAsync(HttpContext context, LogEngine engine, EventDoor door)
    {
        string type = (context.Request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();
        bool isJson = type != Protobuf;
        context.Features.Set<IProblemWriter>(new HttpStatusWriter(isJson));
        (Caller caller, LogReader log) = Target(context, engine);
        EventBatch batch;
        try
        {
            if (type is not (Protobuf or Json))
            {
                throw new ProblemException(Problem.Unsupported($"OTLP comes as {Protobuf} or {Json}."));
            }

            ReadOnlyMemory<byte> body = await door.ReadBodyAsync(context, log.Settings.Name, caller);
            batch = await door.DivideAsync(log.Settings.Name, body, () => ToBatch(isJson ? OtlpJson.Read(body, EventLimits.BatchEvents) : OtlpProtobuf.Read(body.Span, EventLimits.BatchEvents), door.Time));
        }
        catch (Exception e) when (e is ProblemException or TlogFormatException)
        {
            throw Refused(e, door, log, caller);
        }

        (long rejected, string message) = await AppendAsync(door, log, caller, batch, context.RequestAborted);
        context.Response.ContentType = isJson ? Json : Protobuf;
        await context.Response.Body.WriteAsync(OtlpAnswer.Response(isJson, rejected, message), context.RequestAborted);
    }

    private static async Task HandleGrpcAsync(HttpContext context, LogEngine engine, EventDoor door)
    {
        if (!(context.Request.ContentType ?? "").StartsWith(Grpc, StringComparison.Ordinal) || context.Request.Protocol != HttpProtocol.Http2)
        {
            throw new ProblemException(Problem.Unsupported($"This is a gRPC method: {Grpc} over HTTP/2."));
        }

        context.Features.Set<IProblemWriter>(new GrpcStatusWriter());
        (Caller caller, LogReader log) = Target(context, engine);
        EventBatch batch;
        try
        {
            ReadOnlyMemory<byte> frame = await door.ReadBodyAsync(context, log.Settings.Name, caller);
            ReadOnlyMemory<byte> call = await MessageOfAsync(context, log.Settings.Name, frame);
            batch = await door.DivideAsync(log.Settings.Name, call, () => ToBatch(OtlpProtobuf.Read(call.Span, EventLimits.BatchEvents), door.Time));
        }
        catch (Exception e) when (e is ProblemException or TlogFormatException)
        {
            throw Refused(e, door, log, caller);
        }

        (long rejected, string message) = await AppendAsync(door, log, caller, batch, context.RequestAborted);
        byte[] response = OtlpAnswer.Response(isJson: false, rejected, message);
        byte[] answer = new byte[FrameHeaderBytes + response.Length];
        BinaryPrimitives.WriteInt32BigEndian(answer.AsSpan(1), response.Length);
        response.CopyTo(answer, FrameHeaderBytes);
        context.Response.ContentType = Grpc;
        context.Response.DeclareTrailer("grpc-status");
        await context.Response.Body.WriteAsync(answer, context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    /// <summary>The caller and the log that he means: an exporter has no other place for its name than a header.</summary>
    private static (Caller Caller, LogReader Log) Target(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.Authenticate(context);
        string? named = context.Request.Headers[LogHeader];
        DateTimeOffset now = engine.Time.GetUtcNow();
        string[] writable = named is not null ? [named] : [.. engine.Logs.Select(log => log.Settings.Name).Where(log => caller.Authority.On(log, now).Rights.HasFlag(Rights.Append))];
        if (writable is [] && !caller.Authority.Anywhere(Rights.Append, now))
        {
            throw new ProblemException(Problem.Forbidden("a writer's key"));
        }

        if (writable is not [var log])
        {
            throw new ProblemException(Problem.InvalidParameter(LogHeader, "the key is for several logs or none; name the log in this header"));
        }

        (_, LogReader reader, _) = AccessControl.Require(context, engine, log, Rights.Append);
        return (caller, reader);
    }

    private static ProblemException Refused(Exception e, EventDoor door, LogReader log, Caller caller)
    {
        ProblemException problem = e as ProblemException ?? new ProblemException(Problem.InvalidBody(e.Message));
        door.RefusedWhole(log.Settings.Name, caller, problem.Problem);
        return problem;
    }

    private static EventBatch ToBatch(List<OtlpRecord> records, TimeProvider time)
    {
        var mapping = new OtlpMapping(Instant.Format(time.GetUtcNow()));
        var claims = new Claim?[records.Count];
        var refused = new List<RefusedEvent>();
        var untimed = new Dictionary<int, Func<string, Claim?>>();
        long bytes = 0;
        for (int i = 0; i < claims.Length; i++)
        {
            claims[i] = mapping.ToClaim(records[i], out Func<string, Claim?>? again, out IReadOnlyList<Fault> faults);
            if (claims[i] is null)
            {
                refused.Add(new RefusedEvent(i, faults));
                continue;
            }

            bytes += claims[i]!.CanonicalBytes.Length;
            if (bytes > MostClaimBytes)
            {
                throw new ProblemException(Problem.TooLarge($"The records, each with its resource, have more than {MostClaimBytes} bytes; send fewer at once."));
            }

            if (again is not null)
            {
                untimed.Add(i, again);
            }
        }

        return new EventBatch(claims, refused) { Untimed = untimed };
    }

    /// <returns>How many records were rejected, and why the first was.</returns>
    private static async Task<(long Rejected, string Message)> AppendAsync(EventDoor door, LogReader log, Caller caller, EventBatch batch, CancellationToken cancellationToken)
    {
        (batch, AppendResult result) = await door.AppendAsync(log, caller, "otlp", new AppendOptions(Partial: true), batch, cancellationToken);
        AppendedEvent[] conflicts = [.. result.Events.Where(e => !e.IsLogged)];
        string message = batch.Refused is [var first, ..] ? $"record {first.Item}: {(first.Faults is [var fault, ..] ? fault.ToString() : "it is not valid")}"
            : conflicts is [var conflict, ..] ? $"record id {VisibleText.Excerpt(conflict.Id)}: {(conflict.Status == AppendStatus.StreamTaken ? Problem.StreamTakenName : Problem.IdConflictName)}"
            : "";
        return (batch.Refused.Count + conflicts.Length, message);
    }

    /// <summary>The one message of a unary call: a flag, its length, itself.</summary>
    private static async Task<ReadOnlyMemory<byte>> MessageOfAsync(HttpContext context, string log, ReadOnlyMemory<byte> frame)
    {
        if (frame.Length < FrameHeaderBytes || BinaryPrimitives.ReadUInt32BigEndian(frame.Span[1..]) != (uint)(frame.Length - FrameHeaderBytes) || frame.Span[0] > 1)
        {
            throw new TlogFormatException("The call has not one whole message.");
        }

        ReadOnlyMemory<byte> message = frame[FrameHeaderBytes..];
        return frame.Span[0] == 0 ? message
            : context.Request.Headers["grpc-encoding"].ToString() == "gzip"
                ? await RequestBody.UnzipAsync(message, context.RequestServices.GetRequiredService<NodeResources>().BodyOf(context, log), context.RequestAborted)
            : throw new ProblemException(Problem.Unsupported("A compressed message is gzip, and grpc-encoding says so."));
    }

    /// <summary>Problems as OTLP over HTTP has them: <c>google.rpc.Status</c> in the request's encoding, with the status that says whether to try again.</summary>
    private sealed class HttpStatusWriter(bool isJson) : IProblemWriter
    {
        public async Task WriteAsync(HttpContext context, Problem problem)
        {
            context.Response.StatusCode = problem.Status;
            context.Response.ContentType = isJson ? Json : Protobuf;
            if (problem.RetryAfterSeconds is { } seconds)
            {
                context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            }

            await context.Response.Body.WriteAsync(OtlpAnswer.Status(isJson, GrpcCodeOf(problem), problem.Detail), context.RequestAborted);
        }
    }

    /// <summary>Problems as gRPC has them: HTTP 200, and the status in the trailers. An exporter tries again at UNAVAILABLE.</summary>
    private sealed class GrpcStatusWriter : IProblemWriter
    {
        public Task WriteAsync(HttpContext context, Problem problem)
        {
            context.Response.StatusCode = StatusCodes.Status200OK;
            context.Response.ContentType = Grpc;
            context.Response.Headers["grpc-status"] = GrpcCodeOf(problem).ToString(System.Globalization.CultureInfo.InvariantCulture);
            context.Response.Headers["grpc-message"] = Uri.EscapeDataString(problem.Detail);
            return context.Response.CompleteAsync();
        }
    }

    /// <summary>gRPC's own numbers.</summary>
    private static int GrpcCodeOf(Problem problem) => problem.Status switch
    {
        401 => 16,                       // UNAUTHENTICATED
        403 => 7,                        // PERMISSION_DENIED
        404 => 5,                        // NOT_FOUND
        408 or 429 or 503 => 14,         // UNAVAILABLE
        409 => 9,                        // FAILED_PRECONDITION
        413 => 8,                        // RESOURCE_EXHAUSTED; without a time to wait, it is not to be sent again
        >= 500 => 13,                    // INTERNAL
        _ => 3,                          // INVALID_ARGUMENT
    };
}
