using Indelible.Engine.Storage;
using Indelible.Server.Notifications;
using Xunit;

namespace Indelible.Server.Tests.Notifications;

/// <summary>What waits, on disk: how far the log was read moves with what came of it, and nothing is made twice.</summary>
public sealed class NotifyStoreTests : IDisposable
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 6, 14, 25, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-notify-store-").FullName;

    private string File => Path.Combine(_folder, "notify.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void An_entry_that_is_looked_at_again_after_a_crash_makes_nothing_again_whatever_became_of_it()
    {
        Delivery[] deliveries = [Of("a", 0), Of("b", 0)];
        using (NotifyStore store = NotifyStore.Open(File))
        {
            Assert.False(store.HasCursor);
            store.Advance("_alerts", 1, deliveries, s_now);
            store.Taken(deliveries[0], s_now);
        }

        using NotifyStore again = NotifyStore.Open(File);
        Assert.Equal(1, again.CursorOf("_alerts"));
        again.Advance("_alerts", 1, deliveries, s_now);
        Assert.Null(again.NextOf("a"));
        Assert.Equal(deliveries[1], again.NextOf("b"));
        Assert.Equal((0L, s_now), (again.HealthOf("a").Queued, again.HealthOf("a").LastSuccess));
    }

    [Fact]
    public void What_is_too_much_for_a_destination_is_given_up_and_holds_up_no_other()
    {
        using NotifyStore store = NotifyStore.Open(File);
        store.Advance("_alerts", 1, [.. Enumerable.Range(0, ServerLimits.NotifyQueue + 1).Select(i => Of("a", i)), Of("b", 0)], s_now);
        Assert.Equal((ServerLimits.NotifyQueue, 1L), (store.HealthOf("a").Queued, store.HealthOf("a").Dead));
        Assert.Equal("10000 others wait for this destination, as many as may", store.UntoldOf("a")!.Problem);
        Assert.NotNull(store.NextOf("b"));
    }

    [Fact]
    public void What_was_taken_is_forgotten_after_some_time_and_of_what_was_given_up_the_oldest_beyond_the_bound()
    {
        using NotifyStore store = NotifyStore.Open(File);
        Delivery[] deliveries = [.. Enumerable.Range(0, ServerLimits.NotifyQueue).Select(i => Of("a", i))];
        store.Advance("_alerts", 1, deliveries, s_now);
        store.Taken(deliveries[0], s_now);
        Assert.Equal(ServerLimits.NotifyQueue - 1, store.Failed(deliveries[1], s_now, "it answered 500", null, s_now.AddDays(1)));

        // What no alert was entered of is kept, however much it is.
        store.Advance("_alerts", 2, [.. Enumerable.Range(ServerLimits.NotifyQueue, 3).Select(i => Of("a", i))], s_now);
        store.Failed(Of("a", ServerLimits.NotifyQueue), s_now, "it answered 500", null, s_now.AddDays(1));
        store.TidyUp(["a"], s_now);
        Assert.Equal(ServerLimits.NotifyQueue + 2, store.HealthOf("a").Dead);

        // Of a destination that is in the file no more, no alert is wanted.
        store.TidyUp([], s_now + ServerLimits.NotifyRemembered + TimeSpan.FromSeconds(1));
        Assert.Equal(ServerLimits.NotifyDead, store.HealthOf("a").Dead);
        store.Advance("_alerts", 3, [deliveries[0]], s_now);
        Assert.Equal(deliveries[0].Id, store.NextOf("a")!.Id);
    }

    [Fact]
    public void A_file_that_is_damaged_or_of_another_kind_is_refused_and_named()
    {
        System.IO.File.WriteAllBytes(File, [.. Enumerable.Range(0, 8192).Select(i => (byte)i)]);
        StorageException refused = Assert.Throws<StorageException>(() => NotifyStore.Open(File));
        Assert.StartsWith($"The notifications' file {File} cannot be used: ", refused.Message, StringComparison.Ordinal);
        System.IO.File.Delete(File);
        Directory.CreateDirectory(File);
        Assert.ThrowsAny<IOException>(() => NotifyStore.Open(File));
        Directory.Delete(File);
        if (!OperatingSystem.IsWindows())
        {
            NotifyStore.Open(File).Dispose();
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        }
    }

    private static Delivery Of(string destination, int number)
    {
        DateTimeOffset due = s_now.AddSeconds(number);
        return new Delivery(Delivery.IdOf($"alert-{number}", destination, NotifyReason.Raised), destination, NotifyReason.Raised, $"alert-{number}", "_alerts", number, s_now) { Due = due, Since = due };
    }
}
