using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Server.Alerts;

namespace Indelible.Server.Notifications;

/// <summary>Of an alert nothing can be told any more. The message says why.</summary>
internal sealed class UntellableException(string message) : Exception(message);

/// <summary>Makes of a delivery what is sent, as the alert stands then; and an alert of one that was given up.</summary>
internal sealed class DeliveryMaker(LogEngine engine, AlertBoard board, NotifySettings settings)
{
    /// <summary>The rule that alerts about notifications are of.</summary>
    public const string FailedRule = "indelible-notification-failed";

    /// <summary>The field that names the destination in them.</summary>
    public const string DestinationField = "destination";

    /// <summary>The member that stands in those about notifications of such alerts: nobody is told of these.</summary>
    public const string OfFailureMember = "of_failure";

    /// <summary>Whether somebody is still to be told: the alert was neither suppressed nor closed, nor acknowledged, unless it was raised again.</summary>
    public bool IsWanted(Delivery delivery) => board.StateOf(delivery.Alert) switch
    {
        AlertState.Acknowledged => delivery.Reason == NotifyReason.Repeated,

        // Of one that is not known any more it is said, when it is made, that it cannot be told.
        AlertState.Open or null => true,
        _ => false,
    };

    /// <summary>What is sent.</summary>
    /// <exception cref="UntellableException">Nothing, and never will be.</exception>
    /// <exception cref="StorageException">The entry cannot be read now.</exception>
    public Notification Make(Destination destination, Delivery delivery)
    {
        Alert alert = board.Find(delivery.Alert) ?? throw new UntellableException($"its alert is none of the newest {ServerLimits.Alerts}");
        ReadOnlyMemory<byte> bytes;
        try
        {
            bytes = engine.Find(delivery.Log)!.ReadEntry(delivery.Entry);
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            throw new UntellableException("the alert's entry was altered");
        }

        using var document = JsonDocument.Parse(bytes);
        string? url = UrlOf(delivery);
        var values = new NotifyValues(destination.Name, engine.Settings.Host, WordsOf(delivery), alert, document.RootElement, url);
        return Make(destination, delivery.Id, delivery.Reason, delivery.Raised, values, url) with { Alert = (alert, bytes) };
    }

    /// <summary>What is sent where somebody tries whether it arrives.</summary>
    public Notification MakeTest(Destination destination)
    {
        DateTimeOffset now = engine.Time.GetUtcNow();
        Span<byte> chance = stackalloc byte[16];
        engine.Random.Fill(chance);
        string? url = settings.Url?.AbsoluteUri;
        return Make(destination, "ntf_" + Convert.ToHexStringLower(chance), NotifyReason.Test, now, new NotifyValues(destination.Name, engine.Settings.Host, "Test", null, default, url), url);
    }

    /// <summary>Enters an alert that somebody was not told of another. The same, however often it is entered.</summary>
    /// <exception cref="QueueFullException">Too much waits; nothing was entered.</exception>
    /// <exception cref="NotWrittenException">The disk does not take it; nothing was entered.</exception>
    /// <exception cref="NodeStoppedException">The node has stopped.</exception>
    public async Task EnterFailureAsync(Delivery delivery)
    {
        DateTimeOffset ended = delivery.Ended!.Value;
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{engine.Settings.Host}\n{FailedRule}\n{delivery.Id}\n{ended.UtcTicks}"));
        bool isOfFailure = board.Find(delivery.Alert)?.Rule == FailedRule;
        await engine.NoteAlertAsync(new AlertNote(
            "alert-" + Convert.ToHexStringLower(hash.AsSpan(0, 16)),
            delivery.Log,
            ended,
            $"A notification failed: destination {delivery.Destination}",
            data =>
            {
                data.WriteStartObject("rule");
                data.WriteString("id", FailedRule);
                data.WriteString("title", "A notification failed");
                data.WriteEndObject();
                data.WriteString("severity", "high");
                data.WriteString("log", delivery.Log);
                data.WriteString("from", Instant.Format(delivery.Since));
                data.WriteString("to", Instant.Format(ended));
                data.WriteNumber("count", delivery.Attempts);
                data.WriteStartArray("events");
                data.WriteNumberValue(delivery.Entry);
                data.WriteEndArray();
                data.WriteStartArray("group");
                data.WriteStartObject();
                data.WriteString("field", DestinationField);
                data.WriteString("value", delivery.Destination);
                data.WriteEndObject();
                if (isOfFailure)
                {
                    // Of another group: else what nobody is told of would be what is open, and what somebody should be told of its repeat.
                    data.WriteStartObject();
                    data.WriteString("field", "of");
                    data.WriteString("value", FailedRule);
                    data.WriteEndObject();
                }

                data.WriteEndArray();
                data.WriteString("delivery", delivery.Id);
                data.WriteString("alert", delivery.Alert);
                data.WriteString("problem", delivery.Problem);
                if (isOfFailure)
                {
                    data.WriteBoolean(OfFailureMember, true);
                }
            }));
    }

    private static Notification Make(Destination destination, string id, NotifyReason reason, DateTimeOffset at, NotifyValues values, string? url) => new(
        id, destination.Name, reason, at,
        destination.Title.RenderLine(values.Of, ServerLimits.NotifyTitleCharacters),
        destination.Text.Render(values.Of, ServerLimits.NotifyTextCharacters))
    {
        Url = url,
    };

    /// <summary>The page that shows the alert's entry, with its proof.</summary>
    private string? UrlOf(Delivery delivery) => settings.Url is { } url
        ? $"{url.AbsoluteUri.TrimEnd('/')}/#log={Uri.EscapeDataString(delivery.Log)}&index={delivery.Entry}"
        : null;

    private static string WordsOf(Delivery delivery) => delivery.Reason switch
    {
        NotifyReason.Repeated => "Raised again",
        NotifyReason.Escalated => $"Not acknowledged since {Instant.Format(delivery.Raised)}",
        _ => "Alert",
    };
}
