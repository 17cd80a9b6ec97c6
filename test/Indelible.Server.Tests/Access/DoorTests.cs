using Microsoft.AspNetCore.Routing;
using Xunit;

namespace Indelible.Server.Tests.Access;

/// <summary>Who is let in where: every route of the running server with every credential, as <see cref="DoorTable"/> says.</summary>
[Collection(CastCollection.Name)]
public sealed class DoorTests(Cast cast)
{
    public static TheoryData<int, string, string> Lines() => new(DoorTable.Doors.Select((door, line) => (line, door.Method, door.Path)));

    [Fact]
    public void Every_route_has_a_line_and_every_line_a_route()
    {
        string[] routes = [.. cast.Server.Routes.SelectMany(route => (route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["*"]).Select(method => $"{method} {route.RoutePattern.RawText}")).Distinct().Order()];

        Assert.Equal(routes, DoorTable.Doors.Select(door => door.Name).Distinct().Order());
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Everybody_gets_what_the_table_says(int line, string method, string path)
    {
        Door door = DoorTable.Doors[line];
        Assert.Equal((method, path), (door.Method, door.Path));
        var visitor = new Visitor(cast);
        var got = new List<string>();
        foreach ((string why, string? key) in cast.Nobodies)
        {
            (char letter, Api.Answer answer) = await visitor.TryAsync(door, key);
            Assert.True(letter == door.Cells[0][0], $"{door.Method} {door.Path} by a credential that is {why}: {door.Cells[0][0]} expected, {letter} {answer.Status} {answer.Text}");
            Assert.Equal(letter == 'U' && !door.Route.Contains("LogsService", StringComparison.Ordinal) && door.Route != "/v1/logs", answer.Headers.WwwAuthenticate.Count > 0);
        }

        got.Add(new string(door.Cells[0][0], Cast.Reaches.Count));
        got.Add(new string((await visitor.TryAsync(door, await cast.NewGlassAsync())).Letter, Cast.Reaches.Count));
        got.Add(new string((await visitor.TryAsync(door, cast.BrokenGlassKey)).Letter, Cast.Reaches.Count));
        foreach ((string part, _, _, _) in Cast.Parts)
        {
            string cell = "";
            foreach ((string reach, _, _) in Cast.Reaches)
            {
                cell += (await visitor.TryAsync(door, cast.KeyOf(part, reach))).Letter;
            }

            got.Add(cell);
        }

        Assert.Equal(Line(door.Cells), Line(got));
    }

    private static string Line(IEnumerable<string> cells) => string.Join("  ", DoorTable.Columns.Zip(cells, (column, cell) => $"{column} {cell}"));
}
