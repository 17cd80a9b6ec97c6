using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Access.Visibility;

/// <summary>Makes a world real: through the API, on a server that has seen others.</summary>
internal sealed class Stage(TestServer server, World world, Names names, string writerKey)
{
    private static readonly DateTimeOffset s_begin = new(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);

    /// <summary>The keys' texts, in the world's order.</summary>
    public List<string> Keys { get; } = [];

    /// <summary>The keys' ids.</summary>
    public List<string> KeyIds { get; } = [];

    public static DateTimeOffset TimeOf(int index) => s_begin + TimeSpan.FromMinutes(index * 17 % 60);

    public async Task BuildAsync()
    {
        for (int log = 0; log < world.Logs.Length; log++)
        {
            await PostAsync("api/logs", $$"""{"name":"{{names.LogOf(log)}}","personal":[{{(Model.IsSecretPersonal(log) ? "\"/data/secret\",\"/auth/session_id\"" : "")}}]}""");
        }

        for (int log = 0; log < world.Logs.Length; log++)
        {
            await AppendAsync(log, 0);
        }

        for (int member = 0; member < world.Members.Length; member++)
        {
            await PostAsync("api/principals", $$"""{"name":"{{names.MemberOf(member)}}","kind":"service"}""");
        }

        string end = (server.Clock.GetUtcNow() + TimeSpan.FromMinutes(10)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        foreach (GrantSpec grant in world.Grants)
        {
            JsonObject wanted = TermsOf(grant);
            wanted["principal"] = names.MemberOf(grant.Member);
            wanted["expires"] = grant.IsOver ? end : null;
            await PostAsync("api/grants", Text(wanted));
        }

        foreach (KeySpec key in world.Keys)
        {
            JsonObject wanted = key.Own is { } own ? TermsOf(own) : [];
            wanted["kind"] = Words.Kinds[key.Kind];
            wanted["principal"] = names.MemberOf(key.Member);
            wanted["scopes"] = key.Scopes is { } scopes ? new JsonArray([.. Words.Rights.Where((_, at) => (scopes & (1 << at)) != 0).Select(right => (JsonNode)right)]) : null;
            JsonElement made = await PostAsync("api/keys", Text(wanted));
            Keys.Add(made.GetProperty("key").GetString()!);
            KeyIds.Add(made.GetProperty("id").GetString()!);
            if (key.IsRevoked)
            {
                await RevokeAsync(KeyIds.Count - 1);
            }
        }

        for (int member = 0; member < world.Members.Length; member++)
        {
            if (world.Members[member].IsDisabled)
            {
                Assert.Equal(204, (await server.PostAsync("api/principals/disable/" + names.MemberOf(member), server.AdminKey, "{}")).Status);
            }
        }

        server.Clock.Advance(TimeSpan.FromMinutes(20));
    }

    /// <summary>Appends what the world has of a log from an index on.</summary>
    public async Task AppendAsync(int log, int from)
    {
        string[] events = [.. world.Logs[log].Select((what, index) => EventOf(what, log, index)).Skip(from)];
        Answer answer = await server.PostAsync($"api/logs/{names.LogOf(log)}/events?ack=published", writerKey, "[" + string.Join(',', events) + "]");
        Assert.True(answer.Status == 201, answer.Text);
    }

    public async Task RevokeAsync(int key) => Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, "api/keys/" + KeyIds[key], server.AdminKey)).Status);

    private static string Text(JsonObject wanted)
    {
        foreach (string absent in wanted.Where(member => member.Value is null).Select(member => member.Key).ToArray())
        {
            wanted.Remove(absent);
        }

        return wanted.ToJsonString();
    }

    private JsonObject TermsOf(GrantSpec grant) => new()
    {
        ["role"] = Words.Roles[grant.Role],
        ["logs"] = new JsonArray([.. grant.Patterns.Select(pattern => (JsonNode)names.PatternOf(pattern))]),
        ["rows"] = grant.Rows?.Text(names),
        ["personal"] = grant.Personal is { } personal ? Words.Views[personal] : null,
    };

    private string EventOf(Happening what, int log, int index)
    {
        var actor = new JsonObject { ["id"] = $"u-{what.Person}", ["type"] = "user" };
        if (what.Person != Happening.Nobody)
        {
            actor["name"] = names.FullNameOf(what.Person, log, index);
            actor["email"] = names.EmailOf(what.Person);
        }

        var made = new JsonObject
        {
            ["schema"] = "audit/1",
            ["id"] = $"e{index}",
            ["time"] = TimeOf(index).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["action"] = Fields.All[0].Values[what.Action],
            ["outcome"] = Fields.All[1].Values[what.Outcome],
            ["targets"] = new JsonArray(new JsonObject { ["type"] = Fields.All[2].Values[what.Target], ["id"] = "t" }),
            ["service"] = new JsonObject { ["name"] = Fields.All[3].Values[what.Service] },
            ["actor"] = actor,
        };
        if (Fields.All[4].Values[what.Env] is not "no-such" and string env)
        {
            made["labels"] = new JsonObject { ["env"] = env };
        }

        if (what.HasSecret)
        {
            made["data"] = new JsonObject { ["secret"] = names.SecretOf(what.Person) };
            made["auth"] = new JsonObject { ["session_id"] = names.SessionOf(what.Person) };
        }

        return made.ToJsonString();
    }

    private async Task<JsonElement> PostAsync(string path, string json)
    {
        Answer answer = await server.PostAsync(path, server.AdminKey, json);
        Assert.True(answer.Status is 200 or 201, $"{path} {json}: {answer.Status} {answer.Text}");
        return answer.Json;
    }
}
