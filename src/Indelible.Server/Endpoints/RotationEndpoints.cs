using Indelible.Engine;
using Indelible.Engine.Rotation;
using Indelible.Server.Access;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary>Rotates keys, and shows to everybody who may see a checkpoint how its key came to sign. Our own construction C.</summary>
internal static class RotationEndpoints
{
    private const string TextType = "text/plain; charset=utf-8";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/logs/{log}/rotate", RotateLogAsync).WithName("rotateLogKey").WithTags("configuration").WithSummary("Hand a log over to a new key; answered when both have signed").Produces<RotationView>().ProducesProblem(404).ProducesProblem(409);
        routes.MapPost("/api/receipts/rotate", RotateReceiptsAsync).WithName("rotateReceiptsKey").WithTags("configuration").WithSummary("Sign receipts with a new key").Produces<RotationView>();
        routes.MapGet("/logs/{log}/handovers", GetHandovers).WithName("getHandovers").WithTags("tiles").WithSummary("The log's handovers from key to key: tlog-proofs with an empty line between; empty where there was none").Produces<string>(200, "text/plain");
        routes.MapGet("/logs/{log}/receipts-handovers", GetReceiptsHandovers).WithName("getReceiptsHandovers").WithTags("tiles").WithSummary("The handovers of the key that signs this host's receipts: signed notes with an empty line between").Produces<string>(200, "text/plain");
    }

    private static async Task<IResult> RotateLogAsync(HttpContext context, LogEngine engine, string log)
    {
        Caller caller = AccessControl.RequireAdmin(context, engine);
        LogReader reader = engine.Find(log) ?? throw new ProblemException(Problem.UnknownLog(log));
        return Answer(log, await engine.RotateLogKeyAsync(reader, caller.ForAppend("api"), context.RequestAborted));
    }

    private static async Task<IResult> RotateReceiptsAsync(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.RequireAdmin(context, engine);
        return Answer(null, await engine.RotateReceiptsKeyAsync(caller.ForAppend("api"), context.RequestAborted));
    }

    private static IResult GetHandovers(HttpContext context, LogEngine engine, string log)
    {
        LogReader reader = AccessControl.RequirePublicOrMember(context, engine, log);
        return List(context, reader, reader.Handovers);
    }

    private static IResult GetReceiptsHandovers(HttpContext context, LogEngine engine, string log) =>
        List(context, AccessControl.RequirePublicOrMember(context, engine, log), engine.ReceiptsHandovers);

    private static IResult List(HttpContext context, LogReader reader, ReadOnlyMemory<byte> list)
    {
        TileEndpoints.AllowOthers(context, reader);
        context.Response.Headers.CacheControl = "no-cache";
        return TypedResults.Bytes(list, TextType);
    }

    private static IResult Answer(string? log, KeyRotated done) => TypedResults.Json(
        new RotationView(log, done.OldVkey, done.NewVkey, done.Index, done.HandoverSize, done.OldKeyDestroyed), ApiJson.Plain.RotationView);
}
