using System.Buffers;
using System.Text;
using Indelible.Server.Streams;
using Xunit;

namespace Indelible.Server.Tests.Streams;

/// <summary>Parts of streams by themselves: messages to the byte, and a cursor that is never ahead of its file for what counts.</summary>
public sealed class StreamPartsTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a\"b", "a\\\"b")]
    [InlineData("a\\b", "a\\\\b")]
    [InlineData("a]b", "a\\]b")]
    [InlineData("[\\\"]", "[\\\\\\\"\\]")]
    [InlineData("a\nb\0c\u007fd\u001be", "a\ufffdb\ufffdc\ufffdd\ufffde")]
    [InlineData("gr\u00fc\u00dfe", "gr\u00fc\u00dfe")]
    public void A_parameter_is_escaped_as_RFC_5424_says(string value, string escaped) => Assert.Equal(escaped, SyslogMessage.Escaped(value));

    [Fact]
    public void A_message_is_framed_by_its_octets_and_none_is_longer_than_it_may_be()
    {
        StreamItem item = Item("2026-11-23T06:14:25.1234567Z", "invoice.read", "{\"a\":\"\u00e9\"}");
        string message = "<110>1 2026-11-23T06:14:25.123456Z audit.example indelible - invoice.read [indelible@32473 log=\"main\" index=\"7\" id=\"audit.example:7480/logs/main#7\"] {\"a\":\"\u00e9\"}";
        int bytes = Encoding.UTF8.GetByteCount(message);
        var output = new ArrayBufferWriter<byte>();

        Assert.True(SyslogMessage.TryWrite(output, item, "audit.example:7480", bytes));
        Assert.Equal($"{bytes} {message}", Encoding.UTF8.GetString(output.WrittenSpan));
        Assert.False(SyslogMessage.TryWrite(output, item, "audit.example:7480", bytes - 1));
        Assert.Equal($"{bytes} {message}", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Theory]
    [InlineData("critical", false, "<106>1")]
    [InlineData("high", false, "<107>1")]
    [InlineData("medium", false, "<108>1")]
    [InlineData("low", false, "<109>1")]
    [InlineData("informational", false, "<110>1")]
    [InlineData(null, true, "<109>1")]
    [InlineData(null, false, "<110>1")]
    public void Severity_is_an_alerts_or_that_something_came_to_nothing(string? severity, bool hasFailed, string begins)
    {
        StreamItem item = Item("2026-11-23T06:14:25Z", "x.y", "{}") with { Facts = new StreamItemFacts("2026-11-23T06:14:25Z", "x.y", hasFailed, severity) };
        var output = new ArrayBufferWriter<byte>();
        Assert.True(SyslogMessage.TryWrite(output, item, "h", 2048));
        Assert.StartsWith(begins, Encoding.UTF8.GetString(output.WrittenSpan).Split(' ', 2)[1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_stand_in_a_head_is_left_out_of_it()
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(SyslogMessage.TryWrite(output, Item("never", new string('a', 40), "{}"), "a host", 2048));
        Assert.Contains($"<110>1 - - indelible - {new string('a', 32)} [", Encoding.UTF8.GetString(output.WrittenSpan), StringComparison.Ordinal);
        output.ResetWrittenCount();
        Assert.True(SyslogMessage.TryWrite(output, Item("never", "a b\n<34>1", "{}"), "", 2048));
        Assert.Contains("<110>1 - - indelible - - [", Encoding.UTF8.GetString(output.WrittenSpan), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_could_not_be_kept_is_kept_later_and_until_then_not_said_to_be()
    {
        bool isFull = false;
        StreamRecord? kept = null;
        using var cursor = new StreamCursor(null, record => kept = isFull ? throw new IOException("No space left on device") : record);
        (long next, long moved) = cursor.Of("main", () => 5);
        await cursor.KeepAsync(TestContext.Current.CancellationToken);
        Assert.Equal((5, 5, true), (next, kept!.Logs["main"], cursor.IsKept));

        isFull = true;
        cursor.Advance("main", 9, moved);
        await Assert.ThrowsAsync<IOException>(() => cursor.KeepAsync(TestContext.Current.CancellationToken));
        Assert.Equal((9, 5, false), (cursor.Of("main", () => 0).Next, kept.Logs["main"], cursor.IsKept));

        isFull = false;
        await cursor.KeepAsync(TestContext.Current.CancellationToken);
        Assert.Equal((9, true), (kept.Logs["main"], cursor.IsKept));
    }

    [Fact]
    public void Who_was_sent_back_meanwhile_does_not_go_on_where_he_was_and_nobody_is_sent_ahead()
    {
        using var cursor = new StreamCursor(null, _ => { });
        (_, long moved) = cursor.Of("main", () => 100);
        cursor.Of("other", () => 10);
        Assert.False(cursor.GoBack("main", 101));
        Assert.False(cursor.GoBack("nosuch", 0));
        Assert.True(cursor.GoBack("main", 40));
        Assert.True(cursor.GoBack("other", 3));

        cursor.Advance("main", 150, moved, new RefusedEntry("main", 149, "x#149", "answered 400", "now"));

        Assert.Equal(40, cursor.Of("main", () => 0).Next);
        Assert.Equal(0, cursor.Refused().Count);
    }

    [Fact]
    public void Of_refused_entries_the_newest_are_listed_and_each_is_counted_once()
    {
        using var cursor = new StreamCursor(null, _ => { });
        (_, long moved) = cursor.Of("main", () => 0);
        for (int i = 0; i < 150; i++)
        {
            cursor.Advance("main", i + 1, moved, new RefusedEntry("main", i, $"x#{i}", "answered 400", "now"));
        }

        cursor.Advance("main", 150, moved, new RefusedEntry("main", 149, "x#149", "answered 422", "later"));

        (long count, IReadOnlyList<RefusedEntry> last) = cursor.Refused();
        Assert.Equal((150, ServerLimits.StreamRefusedListed, "answered 422"), (count, last.Count, last[^1].Why));
    }

    private static StreamItem Item(string time, string action, string json) => new("main", 7, "audit.example:7480/logs/main#7", Encoding.UTF8.GetBytes(json), new StreamItemFacts(time, action, false, null));
}
