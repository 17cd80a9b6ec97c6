using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Access;

/// <summary>What somebody has nothing to do with is answered like what there is not: byte for byte but for the name itself.</summary>
[Collection(CastCollection.Name)]
public sealed class LikenessTests(Cast cast)
{
    private const string NoLog = "beta.nay";

    public static TheoryData<int, string, string> Doors() => new(DoorTable.Doors
        .Select((door, line) => (Door: door, line))
        .Where(item => item.Door.Path.Contains("LOG", StringComparison.Ordinal) || item.Door.Body.Contains("LOG", StringComparison.Ordinal) || item.Door.Route is "/v1/logs" || item.Door.Route.Contains("LogsService", StringComparison.Ordinal))
        .Select(item => (item.line, item.Door.Method, item.Door.Path)));

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task A_log_of_another_tenant_and_one_that_there_is_not_are_answered_alike(int line, string method, string path)
    {
        Door door = DoorTable.Doors[line];
        Assert.Equal((method, path), (door.Method, door.Path));
        var visitor = new Visitor(cast);
        List<(string Who, string? Key)> everybody = [("nobody", null), ("revoked", cast.Nobodies["revoked"])];
        everybody.AddRange(Cast.Parts.SelectMany(part => ((string[])["log", "tenant", "other-log"]).Select(reach => ($"{part.Name} {reach}", (string?)cast.KeyOf(part.Name, reach)))));
        foreach ((string who, string? key) in everybody)
        {
            Answer there = (await visitor.TryAsync(door, key, Cast.ForeignLog)).Answer;
            Answer not = (await visitor.TryAsync(door, key, NoLog)).Answer;

            Assert.True(there.Status is >= 400 and < 500 || door.Route.Contains("LogsService", StringComparison.Ordinal), $"{who}: {there.Status}");
            Assert.Equal($"{who}\n{Whole(not, NoLog)}", $"{who}\n{Whole(there, Cast.ForeignLog)}");
        }
    }

    [Theory]
    [InlineData("DELETE", "api/keys/ID", "keys", "ind_r_000000000000", "")]
    [InlineData("POST", "api/keys/ID/replace", "keys", "ind_r_000000000000", """{"overlap_s":0}""")]
    [InlineData("DELETE", "api/grants/ID", "grants", "g-0000000000000000", "")]
    [InlineData("POST", "api/principals/disable/ID", "principals", "beta/no-such-at-all", "{}")]
    [InlineData("POST", "api/principals/enable/ID", "principals", "beta/no-such-at-all", "{}")]
    [InlineData("POST", "api/grants", "principals", "beta/no-such-at-all", """{"principal":"ID","role":"reader","logs":["acme.pay"]}""")]
    [InlineData("POST", "api/keys", "principals", "beta/no-such-at-all", """{"kind":"reader","principal":"ID"}""")]
    [InlineData("POST", "api/keys", "principals", "beta/no-such-at-all", """{"kind":"reader","principal":"ID","logs":["acme.pay"]}""")]
    [InlineData("POST", "api/principals", "principals", "beta/no-such-at-all", """{"name":"ID","kind":"service"}""")]
    [InlineData("POST", "api/logs", "logs", "beta.no-such", """{"name":"ID"}""")]
    public async Task Keys_grants_principals_and_logs_of_others_are_answered_as_if_they_were_not_there(string method, string path, string list, string absent, string body)
    {
        (string member, string of) = list switch { "keys" => ("id", "principal"), "grants" => ("id", "principal"), _ => ("name", "name") };
        string[] present = list == "logs"
            ? [Cast.ForeignLog, "main", "open.pay"]
            : [.. ((string[])["beta/", "reader-node"]).Select(whose => cast.Server.GetAsync("api/" + list, cast.Server.AdminKey)).Select(task => task.GetAwaiter().GetResult())
                .Zip((string[])["beta/", "reader-node"], (answer, whose) => answer.Json.GetProperty(list).EnumerateArray().First(item => item.GetProperty(of).GetString()!.StartsWith(whose, StringComparison.Ordinal)).GetProperty(member).GetString()!)];
        foreach ((string part, string reach) in new[] { ("admin", "tenant"), ("admin", "log"), ("reader", "tenant") })
        {
            string key = cast.KeyOf(part, reach);
            string wanted = Whole(await SendAsync(absent), absent);
            foreach (string id in present)
            {
                Answer answer = await SendAsync(id);
                Assert.True(answer.Status is >= 400 and < 500, answer.Text);
                Assert.Equal(wanted, Whole(answer, id));
            }

            Task<Answer> SendAsync(string id) => cast.Server.SendAsync(
                new HttpMethod(method), path.Replace("ID", id, StringComparison.Ordinal), key, body.Length == 0 ? null : TestServer.Body(System.Text.Encoding.UTF8.GetBytes(body.Replace("ID", id, StringComparison.Ordinal))));
        }
    }

    /// <summary>An answer with its headers, without the date and the name that was asked for.</summary>
    private static string Whole(Answer answer, string name)
    {
        IEnumerable<string> headers = answer.Headers.Where(header => header.Key != "Date").Concat(answer.ContentHeaders.Where(header => header.Key != "Content-Length"))
            .OrderBy(header => header.Key, StringComparer.Ordinal).Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");
        return $"{answer.Status}\n{string.Join('\n', headers)}\n{answer.Text}".Replace(name, "NAME", StringComparison.Ordinal).Replace(Uri.EscapeDataString(name), "NAME", StringComparison.Ordinal);
    }
}
