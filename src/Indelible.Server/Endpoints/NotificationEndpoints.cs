using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Events;
using Indelible.Server.Access;
using Indelible.Server.Notifications;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary><c>/api/notifications</c>: who is told of alerts, how that goes, and what could not be told; for administrators of the node.</summary>
internal static class NotificationEndpoints
{
    private const string Path = "/api/notifications";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, ListAsync).WithName("listDestinations").WithTags("notifications").WithSummary("The destinations of notifications, and how they do (administrators of the node)").Produces<DestinationList>();
        routes.MapGet(Path + "/dead", ListDeadAsync).WithName("listDeadNotifications").WithTags("notifications").WithSummary("Notifications that were given up, the newest first (administrators of the node)").Produces<DeadList>();
        routes.MapPost(Path + "/{destination}/test", TestAsync).WithName("testDestination").WithTags("notifications").WithSummary("Send a test to a destination now, and say what became of it (administrators of the node)").Produces<NotifyTestView>().ProducesProblem(404);
        routes.MapPost(Path + "/dead/{id}/retry", RetryAsync).WithName("retryNotification").WithTags("notifications").WithSummary("Try again to send one that was given up (administrators of the node)").Produces(204).ProducesProblem(404).ProducesProblem(409);
        routes.MapDelete(Path + "/dead/{id}", DropAsync).WithName("dropNotification").WithTags("notifications").WithSummary("Forget one that was given up (administrators of the node)").Produces(204).ProducesProblem(404);
    }

    private static async Task<IResult> ListAsync(HttpContext context, LogEngine engine, Notifier notifier)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Admin);
        DestinationView[] all = [.. notifier.Destinations.Select(destination => View(destination, notifier.Store!.HealthOf(destination.Name)))];
        await AccessTrail.InspectedAsync(engine, caller, "notifications", all.Length);
        return TypedResults.Json(new DestinationList(all), ApiJson.Plain.DestinationList);
    }

    private static async Task<IResult> ListDeadAsync(HttpContext context, LogEngine engine, Notifier notifier)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Admin);
        DeadView[] all = [.. notifier.Store?.ReadDead(ServerLimits.NotifyDeadPage).Select(View) ?? []];
        await AccessTrail.InspectedAsync(engine, caller, "dead notifications", all.Length);
        return TypedResults.Json(new DeadList(all), ApiJson.Plain.DeadList);
    }

    private static async Task<IResult> TestAsync(HttpContext context, LogEngine engine, Notifier notifier, string destination)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Admin);
        if (notifier.Destinations.All(one => one.Name != destination))
        {
            throw new ProblemException(Problem.NotFound("There is no destination of this name."));
        }

        await AccessTrail.NotificationAsync(engine, caller, AccessKind.NotifyTest, ("destination", destination), destination);
        (bool isSent, string? problem) = await notifier.TestAsync(destination, context.RequestAborted) ?? throw new ProblemException(Problem.NotFound("There is no destination of this name."));
        return TypedResults.Json(new NotifyTestView(destination, isSent, problem), ApiJson.Plain.NotifyTestView);
    }

    private static async Task<IResult> RetryAsync(HttpContext context, LogEngine engine, Notifier notifier, string id)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Admin);
        Delivery dead = Find(notifier, id);
        if (notifier.Destinations.All(one => one.Name != dead.Destination))
        {
            throw new ProblemException(Problem.Conflict($"There is no destination {VisibleText.Clean(dead.Destination)} any more."));
        }

        await AccessTrail.NotificationAsync(engine, caller, AccessKind.NotifyRetry, ("notification", dead.Id), dead.Destination);
        if (!notifier.Store!.Retry(dead.Id, engine.Time.GetUtcNow()))
        {
            throw NotThere();
        }

        notifier.TryNow(dead.Destination);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> DropAsync(HttpContext context, LogEngine engine, Notifier notifier, string id)
    {
        Caller caller = AccessControl.RequireOnNode(context, engine, Rights.Admin);
        Delivery dead = Find(notifier, id);
        await AccessTrail.NotificationAsync(engine, caller, AccessKind.NotifyDrop, ("notification", dead.Id), dead.Destination);
        return notifier.Store!.Drop(dead.Id) ? TypedResults.NoContent() : throw NotThere();
    }

    private static Delivery Find(Notifier notifier, string id) => notifier.Store?.FindDead(id) ?? throw NotThere();

    private static ProblemException NotThere() => new(Problem.NotFound("No notification of this id was given up."));

    private static DestinationView View(Destination destination, DestinationHealth health) => new(
        destination.Name, destination.Kind, health.Queued, health.Dead, TimeOf(health.LastSuccess), TimeOf(health.LastFailure), health.LastProblem);

    private static DeadView View(Delivery dead) => new(
        dead.Id, dead.Destination, dead.Reason.ToString().ToLowerInvariant(), dead.Alert, new NotifyEntryView(dead.Log, dead.Entry), Instant.Format(dead.Raised), TimeOf(dead.Ended), dead.Attempts, dead.Problem);

    private static string? TimeOf(DateTimeOffset? time) => time is { } at ? Instant.Format(at) : null;
}
