using CsCheck;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Access.Visibility;

/// <summary>Whatever was granted to whom: everybody sees exactly what a simple model allows him, at every door, and no byte more.</summary>
/// <remarks>How many worlds are looked at is in <c>INDELIBLE_ACCESS_WORLDS</c>, a seed to begin with in <c>INDELIBLE_ACCESS_SEED</c>; see <c>eng/access.sh</c>.</remarks>
public sealed class VisibilityTests(TestServer server) : IClassFixture<TestServer>
{
    private const int Worlds = 20;
    private int _worlds;

    [Fact]
    public async Task Everybody_sees_exactly_what_was_granted_to_him()
    {
        int worlds = int.TryParse(Environment.GetEnvironmentVariable("INDELIBLE_ACCESS_WORLDS"), out int asked) ? asked : Worlds;
        string? seed = Environment.GetEnvironmentVariable("INDELIBLE_ACCESS_SEED") is { Length: > 0 } given ? given : null;
        (_, string writer) = await server.NewKeyAsync("writer", "*");

        // One thread: the clock is the server's. Where it fails, the seed of the smallest world found is in the message.
        await World.Any.SampleAsync(world => LookAtAsync(world, writer), seed: seed, iter: worlds, threads: 1);
    }

    private async Task LookAtAsync(World world, string writer)
    {
        // What is appended while looking is not the next look's.
        world = world with { Logs = [.. world.Logs] };
        var names = new Names(Interlocked.Increment(ref _worlds));
        var model = new Model(world, names);
        var stage = new Stage(server, world, names, writer);
        await stage.BuildAsync();
        Viewer[] viewers = [.. world.Keys.Select((key, number) => new Viewer(server, world, names, model, key, stage.Keys[number]))];
        await Task.WhenAll(viewers.Select(viewer => viewer.LookAsync()));
        for (int number = 0; number < viewers.Length; number++)
        {
            bool isGood = true;
            for (int log = 0; log < world.Logs.Length && isGood; log++)
            {
                isGood = await viewers[number].FollowAsync(log, stage, number);
            }
        }
    }
}
