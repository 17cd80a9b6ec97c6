using System.Buffers;
using System.Globalization;
using System.Text;
using Indelible.Notes;

namespace Indelible.Policies;

/// <summary>
/// A name or URL of a policy file: 1 to <see cref="PolicyLimits.MaxWordBytes"/> octets without blanks and control characters. Immutable.
/// </summary>
/// <remarks>
/// c2sp.org/tlog-policy handles what is not ASCII as opaque: two words are equal when their octets are, however they are shown. Usually
/// they are UTF-8, and nobody relies on it.
/// </remarks>
public sealed record PolicyWord
{
    // One character for each octet: equality and hash of strings are then those of octets.
    private readonly string _octets;

    /// <summary>A word of its octets.</summary>
    /// <exception cref="ArgumentException">They are none or too many, or one of them is a blank, a control character or DEL.</exception>
    public PolicyWord(ReadOnlySpan<byte> octets)
    {
        if (octets.IsEmpty || octets.Length > PolicyLimits.MaxWordBytes
            || octets.ContainsAnyInRange((byte)0x00, (byte)0x20) || octets.Contains((byte)0x7F))
        {
            throw new ArgumentException(
                $"A word of a policy has 1 to {PolicyLimits.MaxWordBytes} octets and no blank or control character.", nameof(octets));
        }

        _octets = Encoding.Latin1.GetString(octets);
    }

    /// <summary>The quorum that asks for no witness. No witness or group has this name.</summary>
    public static PolicyWord None { get; } = Of("none");

    /// <summary>A word of a text's UTF-8.</summary>
    /// <exception cref="ArgumentException">It cannot be one.</exception>
    public static PolicyWord Of(string text) => new(CanonicalText.StrictUtf8.GetBytes(text));

    /// <summary>The number of octets.</summary>
    public int Length => _octets.Length;

    /// <summary>The octets.</summary>
    public byte[] ToBytes() => Encoding.Latin1.GetBytes(_octets);

    /// <summary>
    /// The word to show to people: the text where it is UTF-8; invisible and control characters, and what is not UTF-8, as <c>\xNN</c>.
    /// </summary>
    /// <remarks>For messages alone: two words can be shown alike.</remarks>
    public override string ToString()
    {
        var shown = new StringBuilder();
        ReadOnlySpan<byte> rest = ToBytes();
        while (!rest.IsEmpty)
        {
            bool isText = Rune.DecodeFromUtf8(rest, out Rune rune, out int length) == OperationStatus.Done && IsVisible(rune);
            for (int i = 0; !isText && i < length; i++)
            {
                shown.Append(CultureInfo.InvariantCulture, $"\\x{rest[i]:x2}");
            }

            shown.Append(isText ? rune.ToString() : "");
            rest = rest[length..];
        }

        return shown.ToString();
    }

    // A name must not be able to turn a terminal's text around or hide in it.
    private static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate);
}
