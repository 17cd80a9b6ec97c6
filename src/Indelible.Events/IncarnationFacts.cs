using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Indelible.Merkle;

namespace Indelible.Events;

/// <summary>What entry 0 of a log says when the log goes on in the place of a finished one: read from the entry's <c>data</c>, <b>not verified</b>. Our own construction E.</summary>
/// <param name="Name">The log's own name.</param>
/// <param name="Vkey">The log's own key.</param>
/// <param name="Of">The finished log's name.</param>
/// <param name="OfOrigin">Its origin.</param>
/// <param name="OfVkey">Its key.</param>
/// <param name="Restored">How many of its entries were restored, and their root.</param>
/// <param name="SignedSize">The largest size known to have been signed; null where nothing was left to ask.</param>
/// <param name="Checkpoint">The last signed checkpoint that the restored entries make.</param>
/// <param name="Note">The signed note by which the finished log's key names this one; see <see cref="Notes.IncarnationNote"/>.</param>
public sealed record IncarnationFacts(
    string Name, string Vkey, string Of, string OfOrigin, string OfVkey, TreeHead Restored, long? SignedSize, string Checkpoint, string Note)
{
    /// <summary>The action of such an entry.</summary>
    public const string Action = "indelible.incarnation";

    /// <summary>Reads the facts from an entry, if it is such an entry.</summary>
    /// <param name="entry">Untrusted bytes.</param>
    /// <param name="facts">The facts, or null.</param>
    public static bool TryRead(ReadOnlyMemory<byte> entry, [NotNullWhen(true)] out IncarnationFacts? facts)
    {
        facts = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(entry);
            if (document.RootElement.GetProperty("action").GetString() != Action)
            {
                return false;
            }

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
    public static IncarnationFacts Read(JsonElement data)
    {
        JsonElement of = data.GetProperty("of");
        JsonElement restored = data.GetProperty("restored");
        return Hash.TryParseBase64(Text(restored, "root"), out Hash root)
            ? new IncarnationFacts(
                Text(data, "name"),
                Text(data, "vkey"),
                Text(of, "name"),
                Text(of, "origin"),
                Text(of, "vkey"),
                new TreeHead(Size(restored), root),
                data.TryGetProperty("signed", out JsonElement signed) ? Size(signed) : null,
                Text(restored, "checkpoint"),
                Text(data, "note"))
            : throw new FormatException("restored.root is not a hash.");
    }

    private static long Size(JsonElement parent) =>
        parent.GetProperty("size").GetInt64() is >= 0 and long size ? size : throw new FormatException("A size is below zero.");

    private static string Text(JsonElement parent, string name) =>
        parent.GetProperty(name).GetString() ?? throw new FormatException($"{name} is null.");
}
