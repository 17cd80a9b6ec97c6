using System.Text.Json;
using Indelible.Events;

namespace Indelible.Search;

/// <summary>Goes through entries as the matcher does, and gives what stands in them to an index. The writer's; not thread-safe.</summary>
/// <param name="index">Receives the values.</param>
/// <param name="isPersonal">
/// Whether only what stands in sealed places is wanted: then an entry and its clear form are walked side by side, and the values of the second are taken where the first has a sealed one.
/// </param>
internal sealed class EntryWalk(LiveIndex index, bool isPersonal)
{
    private readonly CanonicalWalk _canonical = new(index);
    private readonly UnescapedText _text = new();

    /// <summary>Walks an entry.</summary>
    /// <param name="entry">The entry as it is logged.</param>
    /// <param name="clear">Its clear form, where it is wanted.</param>
    /// <returns>False where it is no JSON, or where the two have not the same form: something may be missing then.</returns>
    public bool TryWalk(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> clear)
    {
        if (isPersonal ? entry.SequenceEqual(clear) : _canonical.TryWalk(entry))
        {
            return true;
        }

        index.Restart();
        var reader = new Utf8JsonReader(entry);
        try
        {
            reader.Read();
            if (!isPersonal)
            {
                Value(ref reader, index.Paths.Root);
                return !reader.Read();
            }

            var opened = new Utf8JsonReader(clear);
            opened.Read();
            return Sealed(ref reader, ref opened, index.Paths.Root) && !reader.Read() && !opened.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter is what the reader throws for a string that is not Unicode.
            return false;
        }
    }

    private void Value(ref Utf8JsonReader reader, PathNode node)
    {
        if (node.Role != PathRole.Lost)
        {
            index.Exists(node);
        }

        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                Members(ref reader, node);
                break;
            case JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Value(ref reader, node);
                }

                break;
            case JsonTokenType.String:
                index.String(node, _text.Of(ref reader));
                if (reader.ValueIsEscaped)
                {
                    // It stands otherwise in entries, and must not be looked for as it is.
                    node.LastString = 0;
                }

                break;
            case JsonTokenType.Number:
                index.Number(node, reader.ValueSpan);
                break;
            default:
                index.Word(node, reader.ValueSpan);
                break;
        }
    }

    private void Members(ref Utf8JsonReader reader, PathNode node)
    {
        node.Begin();
        bool first = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            if (first)
            {
                first = false;
                if (IsSkipped(ref reader, out bool isSealed))
                {
                    if (isSealed)
                    {
                        index.Seal(node);
                    }

                    return;
                }
            }

            PathNode child = index.Child(node, _text.Of(ref reader));
            reader.Read();
            Value(ref reader, child);
        }
    }

    /// <summary>Walks both side by side, and takes in the second where the first has a sealed value.</summary>
    private bool Sealed(ref Utf8JsonReader logged, ref Utf8JsonReader clear, PathNode node)
    {
        switch (logged.TokenType)
        {
            case JsonTokenType.StartObject:
                return SealedMembers(ref logged, ref clear, node);
            case JsonTokenType.StartArray:
                if (clear.TokenType != JsonTokenType.StartArray)
                {
                    return false;
                }

                while (logged.Read() && logged.TokenType != JsonTokenType.EndArray)
                {
                    clear.Read();
                    if (!Sealed(ref logged, ref clear, node))
                    {
                        return false;
                    }
                }

                return clear.Read() && clear.TokenType == JsonTokenType.EndArray;
            default:
                return clear.TokenType == logged.TokenType;
        }
    }

    private bool SealedMembers(ref Utf8JsonReader logged, ref Utf8JsonReader clear, PathNode node)
    {
        node.Begin();
        bool first = true;
        while (logged.Read() && logged.TokenType != JsonTokenType.EndObject)
        {
            if (first)
            {
                first = false;
                if (IsSkipped(ref logged, out bool isSealed))
                {
                    if (isSealed)
                    {
                        Value(ref clear, node);
                    }
                    else
                    {
                        clear.Skip();
                    }

                    return true;
                }

                if (clear.TokenType != JsonTokenType.StartObject)
                {
                    return false;
                }
            }

            if (!clear.Read() || clear.TokenType != JsonTokenType.PropertyName || !clear.ValueSpan.SequenceEqual(logged.ValueSpan))
            {
                return false;
            }

            PathNode child = index.Child(node, _text.Of(ref logged));
            logged.Read();
            clear.Read();
            if (!Sealed(ref logged, ref clear, child))
            {
                return false;
            }
        }

        return (!first || clear.TokenType == JsonTokenType.StartObject) && clear.Read() && clear.TokenType == JsonTokenType.EndObject;
    }

    private static bool IsSkipped(ref Utf8JsonReader reader, out bool isSealed)
    {
        isSealed = false;
        if (reader.ValueSpan.Length == 0 || reader.ValueSpan[0] is not ((byte)'$' or (byte)'\\'))
        {
            return false;
        }

        isSealed = reader.ValueTextEquals("$pii"u8);
        return HiddenValue.TrySkip(ref reader);
    }
}
