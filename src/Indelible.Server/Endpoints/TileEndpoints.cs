using System.Buffers;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Server.Access;
using Indelible.Server.Limits;
using Indelible.Server.Problems;
using Indelible.Tiles;

namespace Indelible.Server.Endpoints;

/// <summary>The log as c2sp.org/tlog-tiles serves it: checkpoint, hash tiles, entry bundles.</summary>
/// <remarks>Partial tiles are cut from what is there, for any width up to that of the latest checkpoint: nothing of them is stored.</remarks>
internal static class TileEndpoints
{
    private const string Immutable = "max-age=604800, immutable";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/logs/{log}/checkpoint", GetCheckpoint).WithName("getCheckpoint").WithTags("tiles").WithSummary("The latest checkpoint: a signed note").Produces<string>(200, "text/plain");
        routes.MapGet("/logs/{log}/tile/{**path}", GetTileAsync).WithName("getTile").WithTags("tiles")
            .WithSummary("A hash tile tile/L/N[.p/W] or an entry bundle tile/entries/N[.p/W]; bundles always need a reader's key").Produces<byte[]>(200, "application/octet-stream").ProducesProblem(404);
    }

    private static IResult GetCheckpoint(HttpContext context, LogEngine engine, string log)
    {
        LogReader reader = AccessControl.RequirePublicOrVerifier(context, engine, log);
        AllowOthers(context, reader);
        context.Response.Headers.CacheControl = "no-cache";
        return TypedResults.Bytes(reader.Checkpoint.Note, "text/plain; charset=utf-8");
    }

    private static async Task<IResult> GetTileAsync(HttpContext context, LogEngine engine, RequestRates rates, string log, string? path)
    {
        string full = "tile/" + path;
        if (BundleId.TryParse(full, out BundleId bundle))
        {
            (Caller caller, LogReader reader, _) = AccessControl.RequireWhole(context, engine, log, Rights.Export);
            rates.CountQuery(caller.CredentialId, caller.Rates);
            AllowOthers(context, reader);
            if (reader.ReadBundle(bundle, reader.Checkpoint.Head.Size) is not { } entries)
            {
                return NotThere(full, reader);
            }

            await AccessTrail.ExportedAsync(engine, caller, reader, bundle.Index * TileLayout.Width, entries.Count);
            return Octets(context, Encode(entries), isForAll: false);
        }

        LogReader tiles = AccessControl.RequirePublicOrVerifier(context, engine, log);
        AllowOthers(context, tiles);
        if (!TileId.TryParse(full, out TileId tile))
        {
            return Problem.NotFound("A tile's path is tile/L/N or tile/L/N.p/W, a bundle's tile/entries/N or tile/entries/N.p/W, in canonical form.");
        }

        return tiles.ReadTile(tile, tiles.Checkpoint.Head.Size) is { } bytes ? Octets(context, bytes, tiles.Settings.IsPublic) : NotThere(full, tiles);
    }

    private static ReadOnlyMemory<byte> Encode(IReadOnlyList<ReadOnlyMemory<byte>> entries)
    {
        var bundle = new ArrayBufferWriter<byte>();
        foreach (ReadOnlyMemory<byte> entry in entries)
        {
            EntryBundle.WriteEntry(bundle, entry.Span);
        }

        return bundle.WrittenMemory;
    }

    /// <summary>What needs a right to be read is for the caller's own cache alone, however he showed his right.</summary>
    private static IResult Octets(HttpContext context, ReadOnlyMemory<byte> bytes, bool isForAll)
    {
        context.Response.Headers.CacheControl = (isForAll ? "public, " : "private, ") + Immutable;
        return TypedResults.Bytes(bytes, "application/octet-stream");
    }

    private static Problem NotThere(string path, LogReader reader) =>
        Problem.NotFound($"The latest checkpoint has {reader.Checkpoint.Head.Size} entries; {path} is not part of that tree.");

    /// <summary>Lets pages of other origins verify a public log in the browser.</summary>
    internal static void AllowOthers(HttpContext context, LogReader reader)
    {
        if (reader.Settings.IsPublic)
        {
            context.Response.Headers.AccessControlAllowOrigin = "*";
        }
    }
}
