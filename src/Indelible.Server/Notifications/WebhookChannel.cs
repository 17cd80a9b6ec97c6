using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Indelible.Detection;
using Indelible.Events;
using Indelible.Server.Alerts;
using Indelible.Server.Secrets;
using YamlDotNet.RepresentationModel;

namespace Indelible.Server.Notifications;

/// <summary>A webhook: JSON, signed as Standard Webhooks 1 says (standardwebhooks.com).</summary>
/// <remarks>
/// <c>webhook-signature</c> is <c>v1,</c> and the base64 of HMAC-SHA256 over <c>webhook-id.webhook-timestamp.body</c>; of several secrets, one signature each, separated by spaces. The id is the same
/// however often a delivery is tried; the time stamp is that of the attempt, so that who refuses old ones refuses no retry.
/// </remarks>
internal sealed class WebhookChannel(HttpSender sender, IReadOnlyList<byte[]> secrets, IReadOnlyList<(string Name, string Value)> headers, TimeProvider time) : INotifyChannel
{
    /// <summary>The members of such a destination.</summary>
    public static readonly string[] Members = [.. HttpSender.Members, "secret", "headers"];

    private const string SecretPrefix = "whsec_";
    private const int SecretBytesLeast = 24;
    private const int SecretBytesMost = 64;

    private static readonly string[] s_ours = ["host", "connection", "content-length", "content-type", "transfer-encoding", "user-agent", "expect", "upgrade", "te", "trailer"];

    /// <summary>Reads one.</summary>
    /// <exception cref="RuleFaultException">Something is wrong.</exception>
    public static Func<TimeProvider, INotifyChannel> Read(RuleMap map)
    {
        Func<HttpSender> sender = HttpSender.Read(map);
        byte[][] secrets = [.. map.References("secret").Select(text => SecretOf(map, text))];
        if (secrets.Length is 0 or > ServerLimits.NotifySecrets)
        {
            throw new RuleFaultException(map.PlaceOf("secret"), $"secret: one that the other side verifies signatures with, or up to {ServerLimits.NotifySecrets} while they are exchanged.");
        }

        (string, string)[] headers = [.. map.Map("headers")?.Members.Select(member => HeaderOf(member.Name, member.Value)) ?? []];
        return headers.Length <= ServerLimits.NotifyHeaders
            ? time => new WebhookChannel(sender(), secrets, headers, time)
            : throw new RuleFaultException(map.PlaceOf("headers"), $"headers: more than {ServerLimits.NotifyHeaders}.");
    }

    /// <inheritdoc/>
    public Task<string?> SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        byte[] body = BodyOf(notification);
        string timestamp = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.ASCII.GetBytes($"{notification.Id}.{timestamp}."), .. body];
        string signatures = string.Join(' ', secrets.Select(secret => "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret, signed))));
        return sender.PostAsync(
            body,
            to =>
            {
                to.Add("webhook-id", notification.Id);
                to.Add("webhook-timestamp", timestamp);
                to.Add("webhook-signature", signatures);
                foreach ((string name, string value) in headers)
                {
                    to.TryAddWithoutValidation(name, value);
                }
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => sender.Dispose();

    private static byte[] BodyOf(Notification notification)
    {
        using var buffer = new MemoryStream();
        using (Utf8JsonWriter json = JsonText.Writer(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", TypeOf(notification.Reason));
            json.WriteString("timestamp", Instant.Format(notification.At));
            json.WriteStartObject("data");
            json.WriteString("destination", notification.Destination);
            json.WriteString("title", notification.Title);
            json.WriteString("text", notification.Text);
            json.WriteString("url", notification.Url);
            if (notification.Alert is { } alert)
            {
                json.WriteStartObject("alert");
                AlertJson.Write(json, alert.Alert, alert.Entry);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static string TypeOf(NotifyReason reason) => reason == NotifyReason.Test ? "test" : "alert." + reason.ToString().ToLowerInvariant();

    private static byte[] SecretOf(RuleMap map, string text)
    {
        // Never in the message: it is the secret.
        byte[] bytes = new byte[text.Length];
        return text.StartsWith(SecretPrefix, StringComparison.Ordinal) && Convert.TryFromBase64String(text[SecretPrefix.Length..], bytes, out int length) && length is >= SecretBytesLeast and <= SecretBytesMost
            ? bytes[..length]
            : throw new RuleFaultException(map.PlaceOf("secret"), $"secret: what it leads to is not {SecretPrefix} and {SecretBytesLeast} to {SecretBytesMost} bytes in base64, as of: echo \"{SecretPrefix}$(openssl rand -base64 32)\".");
    }

    private static (string Name, string Value) HeaderOf(string name, YamlNode node)
    {
        bool isToken = name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
        if (!isToken || s_ours.Contains(name.ToLowerInvariant()) || name.StartsWith("webhook-", StringComparison.OrdinalIgnoreCase))
        {
            throw new RuleFaultException(node.Start, $"headers: {VisibleText.Excerpt(name)} is no name of a header, or of one that is set already.");
        }

        string value = SecretText.Of(node, "headers");
        return value.All(c => c is >= ' ' and <= '~') ? (name, value) : throw new RuleFaultException(node.Start, $"headers: the value of {name} has characters that a header cannot have.");
    }
}
