using Indelible.Server.Limits;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Limits;

/// <summary>Where the computations of requests are done.</summary>
public sealed class NodeResourcesTests
{
    private const long Long = ServerLimits.ShortWorkMicroseconds + 1;

    [Fact]
    public async Task Batches_are_computed_at_once_where_a_tenant_is_alone_or_they_are_short_and_else_in_turns()
    {
        await using var server = new TestServer();
        server.Clock.HoldTimestamps();
        await server.InitializeAsync();
        using var resources = new NodeResources(server.Engine);
        Assert.True(await IsAtOnceAsync("acme.a", Long));
        Assert.True(await IsAtOnceAsync("acme.b", Long));
        Assert.True(await IsAtOnceAsync("quiet", 1));
        Assert.False(await IsAtOnceAsync("acme.a", Long));
        Assert.True(await IsAtOnceAsync("acme.a", ServerLimits.ShortWorkMicroseconds));
        server.Clock.Advance(ServerLimits.AloneAfter);
        Assert.True(await IsAtOnceAsync("acme.a", Long));
        Assert.False(await IsAtOnceAsync("quiet", Long));

        async Task<bool> IsAtOnceAsync(string log, long microseconds)
        {
            int thread = Environment.CurrentManagedThreadId;
            return await resources.ComputeAsync(log, microseconds, () => Environment.CurrentManagedThreadId) == thread;
        }
    }

    [Fact]
    public async Task Many_entries_are_looked_at_in_turns_though_the_tenant_be_alone()
    {
        await using var server = new TestServer();
        await server.InitializeAsync();
        using var resources = new NodeResources(server.Engine);
        int thread = Environment.CurrentManagedThreadId;
        Assert.Equal(thread, await resources.ScanAsync("acme", 1, () => Environment.CurrentManagedThreadId));
        thread = Environment.CurrentManagedThreadId;
        Assert.NotEqual(thread, await resources.ScanAsync("acme", 256, () => Environment.CurrentManagedThreadId));
    }
}
