using System.Text;
using System.Text.Json;
using Indelible.Detection;

namespace Indelible.Server.Notifications;

/// <summary>An incoming webhook of Slack.</summary>
/// <remarks>
/// What an alert says is plain text, in which <c>*</c>, <c>_</c>, <c>~</c> and backticks mean nothing; and <c>&amp;</c>, <c>&lt;</c> and <c>&gt;</c> are escaped, as Slack asks for in every text, so that no value can
/// mention a channel or hide a link. Only the link to the alert, which is ours, is markup; <c>verbatim</c> keeps Slack from making more of it.
/// </remarks>
internal sealed class SlackChannel(HttpSender sender) : INotifyChannel
{
    /// <summary>The members of such a destination.</summary>
    public static readonly string[] Members = HttpSender.Members;

    // Slack refuses a section of more than 3,000 characters.
    private const int TextMost = 2_900;

    /// <summary>Reads one.</summary>
    /// <exception cref="RuleFaultException">Something is wrong.</exception>
    public static Func<TimeProvider, INotifyChannel> Read(RuleMap map)
    {
        Func<HttpSender> sender = HttpSender.Read(map);
        return _ => new SlackChannel(sender());
    }

    /// <inheritdoc/>
    public Task<string?> SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        using (Utf8JsonWriter json = JsonText.Writer(buffer))
        {
            string title = Escape(notification.Title, TextMost);
            json.WriteStartObject();
            json.WriteString("text", title);
            json.WriteBoolean("mrkdwn", false);
            json.WriteBoolean("unfurl_links", false);
            json.WriteBoolean("unfurl_media", false);
            json.WriteStartArray("blocks");
            WritePlain(json, title);
            if (notification.Text.Length > 0)
            {
                WritePlain(json, Escape(notification.Text, TextMost));
            }

            if (notification.Url is { } url)
            {
                WriteSection(json, "mrkdwn", $"<{Escape(url, TextMost)}|Open the alert>", "verbatim", value: true);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return sender.PostAsync(buffer.ToArray(), _ => { }, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => sender.Dispose();

    private static void WritePlain(Utf8JsonWriter json, string text) => WriteSection(json, "plain_text", text, "emoji", value: false);

    private static void WriteSection(Utf8JsonWriter json, string type, string text, string flag, bool value)
    {
        json.WriteStartObject();
        json.WriteString("type", "section");
        json.WriteStartObject("text");
        json.WriteString("type", type);
        json.WriteString("text", text);
        json.WriteBoolean(flag, value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string Escape(string text, int most)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            string one = rune.Value switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", _ => rune.ToString() };
            if (escaped.Length + one.Length > most)
            {
                return escaped.Append('…').ToString();
            }

            escaped.Append(one);
        }

        return escaped.ToString();
    }
}
