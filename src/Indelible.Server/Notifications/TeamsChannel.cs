using System.Text.Json;
using Indelible.Detection;

namespace Indelible.Server.Notifications;

/// <summary>An incoming webhook of Microsoft Teams (a workflow "when a Teams webhook request is received"): an adaptive card.</summary>
/// <remarks>Texts are text runs, which are no Markdown: there is nothing that a value could become, and nothing to escape.</remarks>
internal sealed class TeamsChannel(HttpSender sender) : INotifyChannel
{
    /// <summary>The members of such a destination.</summary>
    public static readonly string[] Members = HttpSender.Members;

    /// <summary>Reads one.</summary>
    /// <exception cref="RuleFaultException">Something is wrong.</exception>
    public static Func<TimeProvider, INotifyChannel> Read(RuleMap map)
    {
        Func<HttpSender> sender = HttpSender.Read(map);
        return _ => new TeamsChannel(sender());
    }

    /// <inheritdoc/>
    public Task<string?> SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        using (Utf8JsonWriter json = JsonText.Writer(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", "message");
            json.WriteStartArray("attachments");
            json.WriteStartObject();
            json.WriteString("contentType", "application/vnd.microsoft.card.adaptive");
            json.WriteNull("contentUrl");
            json.WriteStartObject("content");
            json.WriteString("$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
            json.WriteString("type", "AdaptiveCard");
            json.WriteString("version", "1.4");
            json.WriteStartArray("body");
            WriteRun(json, notification.Title, isTitle: true);
            foreach (string line in notification.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                WriteRun(json, line, isTitle: false);
            }

            json.WriteEndArray();
            if (notification.Url is { } url)
            {
                json.WriteStartArray("actions");
                json.WriteStartObject();
                json.WriteString("type", "Action.OpenUrl");
                json.WriteString("title", "Open the alert");
                json.WriteString("url", url);
                json.WriteEndObject();
                json.WriteEndArray();
            }

            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return sender.PostAsync(buffer.ToArray(), _ => { }, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => sender.Dispose();

    private static void WriteRun(Utf8JsonWriter json, string text, bool isTitle)
    {
        json.WriteStartObject();
        json.WriteString("type", "RichTextBlock");
        json.WriteStartArray("inlines");
        json.WriteStartObject();
        json.WriteString("type", "TextRun");
        json.WriteString("text", text);
        if (isTitle)
        {
            json.WriteString("weight", "Bolder");
            json.WriteString("size", "Medium");
        }

        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
