using System.Text;
using System.Text.Json;
using Indelible.Server.Tests.Api;
using Indelible.Verification;
using Xunit;

namespace Indelible.Server.Tests.Export;

/// <summary>An export as a client gets it: the body, and the manifest that it fetches then.</summary>
internal sealed record Exported(Answer Answer, ExportManifest Manifest)
{
    public IReadOnlyList<string> Lines => Answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public IReadOnlyList<JsonElement> Items => [.. Lines.Select(line => JsonElement.Parse(line))];

    public static async Task<Exported> TakeAsync(TestLog log, string parameters, string? key = null)
    {
        Answer answer = await log.Server.GetAsync($"api/logs/{log.Name}/export{parameters}", key ?? log.ReaderKey);
        Assert.True(answer.Status == 200, answer.Text);
        return new Exported(answer, await ManifestOfAsync(log, answer.Headers.GetValues("Indelible-Export").Single(), key));
    }

    public static async Task<ExportManifest> ManifestOfAsync(TestLog log, string id, string? key = null)
    {
        Answer manifest = await log.Server.GetAsync($"api/logs/{log.Name}/exports/{id}", key ?? log.ReaderKey);
        Assert.True(manifest.Status == 200, manifest.Text);
        return ExportManifest.Parse(manifest.Bytes);
    }

    /// <summary>The entries of <c>_access</c> about an export.</summary>
    public static IReadOnlyList<JsonElement> TrailOf(TestServer server, string id)
    {
        Engine.LogReader trail = server.Engine.Find("_access")!;
        return [.. Enumerable.Range(0, (int)trail.Size).Select(index => trail.ReadEntry(index)).Where(entry => entry.Span.IndexOf(Encoding.UTF8.GetBytes($"\"export\":\"{id}\"")) >= 0).Select(entry => JsonElement.Parse(entry.Span))];
    }

    /// <summary>Waits until the end of an export is entered.</summary>
    public static async Task<JsonElement> EndOfAsync(TestServer server, string id)
    {
        Engine.LogReader trail = server.Engine.Find("_access")!;
        while (true)
        {
            long size = trail.Size;
            if (TrailOf(server, id).FirstOrDefault(entry => entry.GetProperty("action").GetString() == "indelible.log.export.end") is { ValueKind: JsonValueKind.Object } end)
            {
                return end;
            }

            await trail.WaitForGrowthAsync(size, TestContext.Current.CancellationToken);
        }
    }
}
