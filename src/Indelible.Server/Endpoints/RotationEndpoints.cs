using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Rotation;
using Indelible.Server.Access;

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
        (Caller caller, LogReader reader) = AccessControl.RequireOver(context, engine, log, Rights.Custody);
        return Answer(log, await engine.RotateLogKeyAsync(reader, caller.ForAppend("api"), context.RequestAborted));
    }

    private static async Task<IResult> RotateReceiptsAsync(HttpContext context, LogEngine engine)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Custody);
        return Answer(null, await engine.RotateReceiptsKeyAsync(caller.ForAppend("api"), context.RequestAborted));
    }

    private static IResult GetHandovers(HttpContext context, LogEngine engine, string log)
    {
        LogReader reader = AccessControl.RequirePublicOrVerifier(context, engine, log);
        return List(context, reader, reader.Handovers);
    }

    private static IResult GetReceiptsHandovers(HttpContext context, LogEngine engine, string log) =>
        List(context, AccessControl.RequirePublicOrVerifier(context, engine, log), engine.ReceiptsHandovers);

    private static IResult List(HttpContext context, LogReader reader, ReadOnlyMemory<byte> list)
    {
        TileEndpoints.AllowOthers(context, reader);
        context.Response.Headers.CacheControl = "no-cache";
        return TypedResults.Bytes(list, TextType);
    }

    private static IResult Answer(string? log, KeyRotated done) => TypedResults.Json(
        new RotationView(log, done.OldVkey, done.NewVkey, done.Index, done.HandoverSize, done.OldKeyDestroyed), ApiJson.Plain.RotationView);
}
