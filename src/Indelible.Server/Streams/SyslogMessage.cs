using System.Buffers;
using System.Globalization;
using System.Text;
using Indelible.Events;

namespace Indelible.Server.Streams;

/// <summary>Writes an entry as a message of RFC 5424, framed by its length in octets (RFC 5425, 4.3).</summary>
/// <remarks>
/// <code>
/// 231 &lt;110&gt;1 2026-11-23T06:14:25Z audit.example indelible - invoice.read [indelible@32473 log="main" index="17" id="audit.example/logs/main#17"] {"id":…}
/// </code>
/// The text has no byte order mark, so that it begins with its JSON. It has no control characters: JSON escapes them. Those of structured data are only ours to write, and escaped (RFC 5424, 6.3.3) all the same.
/// </remarks>
internal static class SyslogMessage
{
    private const int Facility = 13;   // log audit
    private const int HostCharacters = 255;
    private const int MessageIdCharacters = 32;

    /// <summary>The name of the structured data. 32473 is the number that RFC 5612 keeps for examples: Indelible has none of its own.</summary>
    public const string StructuredData = "indelible@32473";

    /// <summary>Writes a message with its frame.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="item">The entry.</param>
    /// <param name="host">The node's host, as its origins have it.</param>
    /// <param name="maxBytes">The longest message.</param>
    /// <returns>False where it would be longer; nothing was written.</returns>
    public static bool TryWrite(IBufferWriter<byte> output, StreamItem item, string host, int maxBytes)
    {
        byte[] head = Encoding.UTF8.GetBytes(HeadOf(item, host));
        int length = head.Length + item.Json.Length;
        if (length > maxBytes)
        {
            return false;
        }

        output.Write(Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture) + " "));
        output.Write(head);
        output.Write(item.Json.Span);
        return true;
    }

    private static string HeadOf(StreamItem item, string host) => string.Create(
        CultureInfo.InvariantCulture,
        $"<{(Facility * 8) + SeverityOf(item.Facts)}>1 {TimeOf(item.Facts.Time)} {Word(host.Split(':')[0], HostCharacters)} indelible - {Word(item.Facts.Action, MessageIdCharacters)} [{StructuredData} log=\"{Escaped(item.Log)}\" index=\"{item.Index}\" id=\"{Escaped(item.Id)}\"] ");

    /// <summary>An alert's, by its own; of other entries informational, or notice where something came to nothing.</summary>
    private static int SeverityOf(StreamItemFacts facts) => facts.Severity switch
    {
        "critical" => 2,
        "high" => 3,
        "medium" => 4,
        "low" => 5,
        _ => facts.HasFailed ? 5 : 6,
    };

    /// <summary>A time with six fractional digits at most, which is what a message may have.</summary>
    private static string TimeOf(string time) => !Instant.TryParse(time, out DateTimeOffset instant)
        ? "-"
        : instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A word of visible ASCII; the nil value where it would be none.</summary>
    private static string Word(string text, int most) => text.Length == 0 || text.Any(c => c is <= ' ' or > '~') ? "-" : text.Length <= most ? text : text[..most];

    /// <summary>The value of a parameter: quote, backslash and closing bracket behind a backslash; controls, which no receiver should have to bear, replaced.</summary>
    internal static string Escaped(string value)
    {
        var escaped = new StringBuilder(value.Length);
        foreach (char c in VisibleText.Clean(value))
        {
            if (c is '"' or '\\' or ']')
            {
                escaped.Append('\\');
            }

            escaped.Append(c);
        }

        return escaped.ToString();
    }
}
