using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Indelible.Events;
using Indelible.Notes;

namespace Indelible.Rotation;

/// <summary>What an entry says by which a log announces its next key. <b>Not verified.</b> Our own construction C. Immutable.</summary>
/// <param name="Old">The key that signs the log's heads up to the handover; its name is the log's origin.</param>
/// <param name="New">The key that signs them from the handover on.</param>
/// <remarks>
/// Whoever writes to a log may send an event that looks like this one, and anybody may add a signature of his own to a checkpoint. So
/// only an entry of the log's own is one: its <c>ingest.principal</c>, which the log writes and no producer, is <see cref="Principal"/>.
/// </remarks>
public sealed record RotationFacts(VerifierKey Old, VerifierKey New)
{
    /// <summary>The action of such an entry.</summary>
    public const string Action = "indelible.key.rotate";

    /// <summary>Whose entry it is: the log's own. No caller can have this principal.</summary>
    public const string Principal = "indelible";

    /// <summary>The log.</summary>
    public string Origin => Old.Name;

    /// <summary>The action as it stands in an entry, whose JSON has one spelling.</summary>
    private static ReadOnlySpan<byte> Mark => "\"action\":\"indelible.key.rotate\""u8;

    /// <summary>Reads the facts from an entry, if it is such an entry.</summary>
    /// <param name="entry">Untrusted bytes.</param>
    /// <param name="facts">The facts, or null.</param>
    public static bool TryRead(ReadOnlyMemory<byte> entry, [NotNullWhen(true)] out RotationFacts? facts)
    {
        facts = null;
        if (entry.Span.IndexOf(Mark) < 0 || !Entry.TryRead(entry.Span, out EntryFacts read) || read.Action != Action || read.Principal != Principal)
        {
            return false;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(entry);
            facts = Read(document.RootElement.GetProperty("data"));
            return true;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    /// <summary>Reads the facts from an entry's <c>data</c>.</summary>
    /// <param name="data">Untrusted.</param>
    /// <exception cref="FormatException">A member is not what it should be.</exception>
    /// <exception cref="KeyNotFoundException">A member is missing.</exception>
    /// <exception cref="InvalidOperationException">A member is of another kind.</exception>
    public static RotationFacts Read(JsonElement data)
    {
        VerifierKey old = Key(data, "old_vkey");
        VerifierKey next = Key(data, "new_vkey");
        return old.Name == next.Name && old != next && data.GetProperty("origin").GetString() == old.Name
            ? new RotationFacts(old, next)
            : throw new FormatException("The keys are not two of one log.");
    }

    private static VerifierKey Key(JsonElement data, string name) =>
        VerifierKey.TryParse(data.GetProperty(name).GetString() ?? "", out VerifierKey? key) ? key : throw new FormatException($"{name} is not a vkey.");
}
