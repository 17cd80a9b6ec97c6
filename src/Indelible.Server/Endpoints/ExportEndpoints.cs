using System.Globalization;
using System.Runtime.ExceptionServices;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Publishing;
using Indelible.Search;
using Indelible.Server.Access;
using Indelible.Server.Export;
using Indelible.Server.Indexing;
using Indelible.Server.Limits;
using Indelible.Server.Problems;
using Indelible.Verification;
using Microsoft.AspNetCore.Http.Features;

namespace Indelible.Server.Endpoints;

/// <summary>Exports: everything that matches a query, streamed, and its manifest.</summary>
/// <remarks>
/// The manifest is known when the last byte has left, and so has a route of its own; <c>Indelible-Export</c> names it from the beginning. A stream is ended properly
/// only when it is complete and its end is entered: whoever reads to a proper end has everything, and finds the manifest.
/// </remarks>
internal static class ExportEndpoints
{
    private const string DigestTrailer = "Content-Digest";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/logs/{log}/export", ExportAsync).WithName("export").WithTags("events")
            .WithSummary("Everything that matches ?q=, ?from= and ?to=, as a file: ?format=ndjson|csv|parquet|ocsf, ?fields= of csv and parquet, ?proofs=true of ndjson, ?as_of=")
            .WithDescription("Streamed in ascending index, however much it is. The header Indelible-Export names the export; its manifest has a route of its own. An answer that is cut off is not complete.")
            .Produces<string>(200, "application/x-ndjson", "text/csv", ParquetFormat.MediaType).ProducesProblem(400);
        routes.MapGet("/api/logs/{log}/exports/{id}", GetManifest).WithName("getExportManifest").WithTags("events")
            .WithSummary("The manifest of an export of the caller's that has ended lately: what was asked for, how much left, its SHA-256, the checkpoint that covers it")
            .Produces<object>(200, "application/json").ProducesProblem(404);
    }

    private static async Task ExportAsync(
        HttpContext context, LogEngine engine, IHostApplicationLifetime lifetime, RequestRates rates, NodeResources resources, LogIndexes indexes, EndedExports ended, string log)
    {
        Admission admission = AccessControl.Require(context, engine, log, Rights.Export);
        rates.CountQuery(admission.Caller.CredentialId, admission.Caller.Rates);
        ExportRequest request = RequestOf(context, engine, admission.Log);
        using IDisposable room = resources.BeginExport(admission.Log);
        PublishedCheckpoint checkpoint = admission.Log.CheckpointOfSize(request.AsOf) ?? await admission.Log.WaitForCheckpointAsync(request.AsOf, context.RequestAborted);
        using var run = new ExportRun(engine, resources, indexes, admission, request, checkpoint);
        HttpResponse response = context.Response;
        response.ContentType = run.ContentType;
        response.Headers.ContentDisposition = $"attachment; filename=\"{FileNameOf(admission.Log, request, engine.Time.GetUtcNow())}\"";
        response.Headers["Indelible-Export"] = run.Id;
        response.Headers["Indelible-As-Of"] = request.AsOf.ToString(CultureInfo.InvariantCulture);
        if (response.SupportsTrailers())
        {
            response.DeclareTrailer(DigestTrailer);
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            ExportManifest manifest = await run.RunAsync(response.Body, () => lifetime.ApplicationStopping.IsCancellationRequested, ending.Token);
            ended.Add(manifest);
            if (response.SupportsTrailers())
            {
                // RFC 9530: for whoever reads trailers, the same as in the manifest.
                response.AppendTrailer(DigestTrailer, $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(manifest.Sha256))}:");
            }
        }
        catch (ExportBrokenException e)
        {
            ended.Add(e.Manifest);
            if (!response.HasStarted && e.InnerException is not OperationCanceledException)
            {
                ExceptionDispatchInfo.Throw(e.InnerException!);
            }

            context.Features.Get<IHttpResetFeature>()?.Reset(0x2);
            context.Abort();
        }
    }

    private static IResult GetManifest(HttpContext context, LogEngine engine, EndedExports ended, string log, string id)
    {
        Admission admission = AccessControl.Require(context, engine, log, Rights.Export);
        return ended.Find(admission.Log.Settings.Name, id, admission.Caller.Principal) is { } manifest
            ? TypedResults.Bytes(manifest.ToJson(), "application/json")
            : Problem.NotFound($"No export of that id, of this log and by this principal, is remembered: one is when it has ended, until {ServerLimits.ExportsRemembered} others have, or the server stops.");
    }

    private static ExportRequest RequestOf(HttpContext context, LogEngine engine, LogReader log)
    {
        Query query = SearchEndpoints.QueryOf(context, engine.Time.GetUtcNow());
        TimeRange? time = SearchEndpoints.TimeOf(context);
        string format = context.Request.Query["format"].ToString() is { Length: > 0 } wanted ? wanted : "ndjson";
        if (!ExportRequest.Formats.Contains(format))
        {
            throw new ProblemException(Problem.InvalidParameter("format", string.Join(", ", ExportRequest.Formats)));
        }

        bool hasProofs = QueryFlag.Read(context, "proofs");
        if (hasProofs && format != "ndjson")
        {
            throw new ProblemException(Problem.InvalidParameter("proofs", "with format=ndjson alone: what is proven are an entry's exact bytes, and no other format has them"));
        }

        long size = log.Size;
        long asOf = QueryFlag.ReadNumber(context, "as_of") ?? size;
        return asOf <= size
            ? new ExportRequest(query, time, asOf, format, ColumnsOf(context, format), hasProofs)
            : throw new ProblemException(Problem.InvalidParameter("as_of", $"a size of the log: 0 to {size}"));
    }

    private static IReadOnlyList<ExportColumn> ColumnsOf(HttpContext context, string format)
    {
        string text = context.Request.Query["fields"].ToString();
        if (text.Length == 0)
        {
            return ExportRequest.IsTable(format) ? ExportColumn.Default : [];
        }

        if (!ExportRequest.IsTable(format))
        {
            throw new ProblemException(Problem.InvalidParameter("fields", "with format=csv or parquet: the other formats have entries as they are"));
        }

        var columns = new List<ExportColumn>();
        foreach (string name in text.Split(','))
        {
            if (!ExportColumn.TryParse(name.Trim(), out ExportColumn? column, out QueryError? error))
            {
                throw new ProblemException(Problem.InvalidParameter("fields", $"{VisibleText.Excerpt(name)} is no field: {error}"));
            }

            if (columns.Any(other => other.Name == column!.Name))
            {
                throw new ProblemException(Problem.InvalidParameter("fields", $"{VisibleText.Excerpt(column!.Name)} is there twice"));
            }

            columns.Add(column!);
        }

        return columns.Count <= ExportColumn.MaxColumns ? columns : throw new ProblemException(Problem.InvalidParameter("fields", $"at most {ExportColumn.MaxColumns}"));
    }

    private static string FileNameOf(LogReader log, ExportRequest request, DateTimeOffset now)
    {
        string extension = request.Format == "ocsf" ? "ocsf.ndjson" : request.Format;
        return $"{log.Settings.Name}-{now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}.{extension}";
    }
}
