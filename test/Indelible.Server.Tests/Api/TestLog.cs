using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>A log of one test, with its keys.</summary>
internal sealed record TestLog(TestServer Server, string Name, string Vkey, string WriterKey, string ReaderKey)
{
    public string Events => $"api/logs/{Name}/events";

    public string Origin => $"{TestServer.Host}/logs/{Name}";

    public long Size => Server.Engine.Find(Name)!.Size;

    /// <summary>The smallest valid event, with members set to other JSON; null takes one away.</summary>
    public static string Event(string id, params (string Path, string? Json)[] changes)
    {
        JsonObject root = JsonNode.Parse(
            """{"schema":"audit/1","time":"2026-11-23T06:14:25Z","action":"invoice.read","outcome":"success","actor":{"id":"u-1","type":"user"},"service":{"name":"billing"}}""")!.AsObject();
        root["id"] = id;
        foreach ((string path, string? json) in changes)
        {
            string[] steps = path.Split('.');
            JsonObject at = root;
            foreach (string step in steps[..^1])
            {
                at = (at[step] ??= new JsonObject()).AsObject();
            }

            if (json is null)
            {
                at.Remove(steps[^1]);
            }
            else
            {
                at[steps[^1]] = JsonNode.Parse(json);
            }
        }

        return root.ToJsonString();
    }

    public Task<Answer> AppendAsync(string body, string parameters = "", string type = "application/json") =>
        Server.PostAsync(Events + parameters, WriterKey, body, type);

    public Task<Answer> AppendAsync(HttpContent body, string parameters = "") =>
        Server.SendAsync(HttpMethod.Post, Events + parameters, WriterKey, body);

    /// <summary>Appends so many events and waits until a checkpoint covers them.</summary>
    public async Task FillAsync(int count)
    {
        string[] events = [.. Enumerable.Range(0, count).Select(i => Event($"fill-{Size + i}", ("request.status", (i % 7).ToString(CultureInfo.InvariantCulture))))];
        Answer answer = await AppendAsync("[" + string.Join(',', events) + "]", "?ack=published");
        Assert.Equal(201, answer.Status);
    }

    public Task<Answer> GetAsync(string below) => Server.GetAsync($"api/logs/{Name}/{below}", ReaderKey);

    public Task<Answer> GetTileAsync(string below, string? key) => Server.GetAsync($"logs/{Name}/{below}", key);

    public async Task<JsonElement> FindAsync(string query) => (await GetAsync("events?q=" + Uri.EscapeDataString(query))).Json;
}
