using System.Text.Json;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Indelible.Client.Tests.Recording;

/// <summary>Options, wiring, and what becomes of a draft.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void Every_fault_of_the_options_is_told_at_once()
    {
        var options = new AuditClientOptions { ServerUrl = new Uri("ftp://x"), Key = "ind_r_x", LogVkey = "nonsense", BatchEvents = 0 };
        options.Modes["Invoice!"] = DeliveryMode.Guaranteed;

        string message = Assert.Throws<ArgumentException>(() => new AuditClient(options)).Message;

        Assert.All(
            new[] { "ServerUrl", "Key", "LogVkey", "ReceiptsVkey", "ServiceName", "SpoolFolder", "BatchEvents", "Invoice!" },
            name => Assert.Contains(name, message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Services_give_one_recorder_that_uses_every_enricher_and_ends_with_the_container()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        AuditClientOptions given = Recorded.Options(server, Path.Combine(server.Folder, "spool"));
        var services = new ServiceCollection();
        services.AddSingleton<IAuditEnricher, Tenant>();
        services.AddIndelible(options =>
        {
            (options.ServerUrl, options.Key, options.LogVkey, options.ReceiptsVkey) = (given.ServerUrl, given.Key, given.LogVkey, given.ReceiptsVkey);
            (options.ServiceName, options.SpoolFolder) = ("wired", given.SpoolFolder);
        });
        await using (ServiceProvider provider = services.BuildServiceProvider())
        {
            IHostedService host = Assert.Single(provider.GetServices<IHostedService>());
            await host.StartAsync(CancellationToken.None);
            Assert.Same(provider.GetRequiredService<AuditClient>(), provider.GetRequiredService<IAuditRecorder>());
            await provider.GetRequiredService<IAuditRecorder>().RecordAsync(Recorded.Draft("a"));
            await host.StopAsync(CancellationToken.None);
        }

        JsonElement entry = Assert.Single((await Recorded.EntriesAsync(server)).Of("test.run"));
        Assert.Equal("acme", entry.GetProperty("labels").GetProperty("tenant").GetString());
        Assert.Equal("wired", entry.GetProperty("service").GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_section_of_the_configuration_sets_them_by_their_names()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        AuditClientOptions given = Recorded.Options(server, Path.Combine(server.Folder, "spool"));
        IConfiguration section = Section(
            ("ServerUrl", server.Url), ("key", given.Key!), ("LogVkey", given.LogVkey!), ("ReceiptsVkey", given.ReceiptsVkey!), ("ServiceName", "configured"),
            ("SpoolFolder", given.SpoolFolder!), ("DefaultMode", "bestEffort"), ("Modes:invoice.*", "Durable"), ("GuaranteedBudget", "00:00:07"),
            ("SpoolBytes", "123456789"), ("Compress", "false"));
        await using ServiceProvider provider = new ServiceCollection().AddIndelible(section, options => options.ServiceVersion = "1.2").BuildServiceProvider();

        IAuditRecorder recorder = provider.GetRequiredService<IAuditRecorder>();

        Assert.Equal(DeliveryMode.BestEffort, (await recorder.RecordAsync(Recorded.Draft("a"))).Mode);
        Assert.Equal(DeliveryMode.Durable, (await recorder.RecordAsync(EventDraft.Of("invoice.refund"))).Mode);
        AuditClientOptions read = provider.GetRequiredService<IOptions<AuditClientOptions>>().Value;
        Assert.Equal(
            (TimeSpan.FromSeconds(7), 123_456_789L, false, "configured", "1.2"),
            (read.GuaranteedBudget, read.SpoolBytes, read.Compress, read.ServiceName, read.ServiceVersion));
    }

    [Fact]
    public void What_cannot_be_read_of_a_section_is_named_and_its_value_not_shown()
    {
        IConfiguration section = Section(
            ("SpoolByte", "1"), ("SpoolBytes", "a lot"), ("ServerUrl", "not a url"), ("Linger", "ind_w_secret"), ("Modes:a.b", "Sometimes"), ("Key:nested", "ind_w_secret"));
        using ServiceProvider provider = new ServiceCollection().AddIndelible(section).BuildServiceProvider();

        string message = Assert.Throws<ArgumentException>(provider.GetRequiredService<IAuditRecorder>).Message;

        Assert.All(
            new[]
            {
                "Indelible:SpoolByte is no setting", "Indelible:SpoolBytes cannot be read", "Indelible:ServerUrl cannot be read", "Indelible:Linger cannot be read",
                "Indelible:Key cannot be read", "Indelible:Modes:a.b is 'Sometimes'; Durable, Guaranteed, BestEffort",
            },
            fault => Assert.Contains(fault, message, StringComparison.Ordinal));
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_option_can_be_set_by_the_configuration()
    {
        // The hook is code. Every other name is known, if not every value of it.
        foreach (string name in typeof(AuditClientOptions).GetProperties().Select(property => property.Name).Except(["OnContradiction"]))
        {
            using ServiceProvider provider = new ServiceCollection().AddIndelible(Section((name, ""))).BuildServiceProvider();
            string message = Assert.Throws<ArgumentException>(provider.GetRequiredService<IAuditRecorder>).Message;
            Assert.DoesNotContain("is no setting", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_draft_that_can_be_no_event_names_the_member_and_takes_no_number()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        await using var client = new AuditClient(Recorded.Options(server, Path.Combine(server.Folder, "spool")));

        ArgumentException fault = await Assert.ThrowsAsync<ArgumentException>(() => client.RecordAsync(EventDraft.Of("Not An Action")).AsTask());
        Assert.Contains("/action", fault.Message, StringComparison.Ordinal);
        fault = await Assert.ThrowsAsync<ArgumentException>(() => client.RecordAsync(EventDraft.Of("a.b").On("invoice", new string('x', 600))).AsTask());
        Assert.Contains("/targets/0/id", fault.Message, StringComparison.Ordinal);

        await client.RecordAsync(Recorded.Draft("a"));
        Assert.True(await client.FlushAsync(Recorded.Patience));
        Assert.Equal([1L, 2L], (await Recorded.EntriesAsync(server)).Select(Recorded.Sequence));
    }

    [Fact]
    public async Task What_is_too_large_is_cut_and_says_so()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        await using var client = new AuditClient(Recorded.Options(server, Path.Combine(server.Folder, "spool")));
        EventDraft draft = Recorded.Draft("a").Saying(new string('m', 5_000)).With("big", new string('d', 20_000)).Labelled("l", new string('l', 300));
        for (int i = 0; i < 300; i++)
        {
            draft = draft.Changed($"/f{i}", new string('o', 3_000), "n");
        }

        await client.RecordAsync(draft);
        Assert.True(await client.FlushAsync(Recorded.Patience));

        JsonElement entry = Assert.Single((await Recorded.EntriesAsync(server)).Of("test.run"));
        Dictionary<string, long> cut = entry.GetProperty("truncated").EnumerateArray()
            .ToDictionary(one => one.GetProperty("path").GetString()!, one => one.GetProperty("original_bytes").GetInt64());
        Assert.Equal(5_000, cut["/message"]);
        Assert.Equal(20_000, cut["/data/big"]);
        Assert.Equal(300, cut["/labels/l"]);
        Assert.Contains("/changes", cut.Keys);
        Assert.Equal(1_024, entry.GetProperty("message").GetString()!.Length);
    }

    [Theory]
    [InlineData("invoice.refund", DeliveryMode.Guaranteed)]
    [InlineData("invoice.refund.undo", DeliveryMode.BestEffort)]
    [InlineData("invoices.list", DeliveryMode.Durable)]
    public async Task The_mode_is_that_of_the_longest_name_that_fits(string action, DeliveryMode mode)
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        AuditClientOptions options = Recorded.Options(server, Path.Combine(server.Folder, "spool"));
        options.Modes["invoice.*"] = DeliveryMode.BestEffort;
        options.Modes["invoice.refund"] = DeliveryMode.Guaranteed;
        options.GuaranteedBudget = Recorded.Patience;
        await using var client = new AuditClient(options);

        Assert.Equal(mode, (await client.RecordAsync(EventDraft.Of(action))).Mode);
    }

    private static IConfigurationSection Section(params (string Name, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(one => KeyValuePair.Create("Indelible:" + one.Name, (string?)one.Value)))
        .Build()
        .GetSection("Indelible");

    private sealed class Tenant : IAuditEnricher
    {
        public EventDraft Enrich(EventDraft draft) => draft.Labelled("tenant", "acme") with { Actor = draft.Actor ?? new Actor { Id = "u-9", Type = ActorType.User } };
    }
}
