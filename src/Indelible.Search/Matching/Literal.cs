using System.Globalization;
using System.Text;
using Indelible.Events;

namespace Indelible.Search;

/// <summary>One value to be equal to.</summary>
/// <remarks>
/// Unquoted, <c>42</c> is the number and the text, <c>true</c> and <c>null</c> likewise, and an address or network covers the addresses in
/// it. Quoted, each is only its text.
/// </remarks>
internal sealed class Literal : IEquatable<Literal>
{
    private readonly byte[] _utf8;
    private readonly NumberText? _number;
    private readonly AddressText? _address;

    public Literal(string text, bool quoted)
    {
        Text = text;
        _utf8 = Encoding.UTF8.GetBytes(text);
        if (!quoted)
        {
            _number = NumberText.TryParse(text);
            _address = AddressText.TryParse(text);
        }

        // Quotes around a text that could only be text change nothing, and are forgotten.
        IsTyped = !quoted && (_number is not null || _address is not null || text is "true" or "false" or "null");
    }

    public string Text { get; }

    /// <summary>Whether it also stands for something other than its text.</summary>
    public bool IsTyped { get; }

    /// <summary>The text, as a string of an entry would be.</summary>
    public ReadOnlySpan<byte> Utf8 => _utf8;

    /// <summary>The addresses that it covers; null where it is text alone.</summary>
    public AddressRange? Addresses => _address?.Range;

    /// <summary>The number as an entry writes it; null where it is none, or one that no entry can hold.</summary>
    public byte[]? NumberTerm
    {
        get
        {
            if (_number is null || !double.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) || !double.IsFinite(value))
            {
                return null;
            }

            Span<byte> term = stackalloc byte[JsonNumber.MaxBytes];
            term = term[..JsonNumber.Format(value, term)];

            // A number with more digits than a double has is equal to none that is written with fewer.
            return MatchesNumber(term) ? term.ToArray() : null;
        }
    }

    public bool IsNetwork => _address is not null && Text.Contains('/', StringComparison.Ordinal);

    public bool MatchesString(ReadOnlySpan<byte> value) =>
        value.SequenceEqual(_utf8) || (_address is { } address && address.Contains(value));

    public bool MatchesNumber(ReadOnlySpan<byte> value) => _number is not null && _number.TryCompare(value, out int order) && order == 0;

    /// <summary>For true, false and null, by their JSON spelling.</summary>
    public bool MatchesWord(ReadOnlySpan<byte> spelling) => IsTyped && spelling.SequenceEqual(_utf8);

    public bool Equals(Literal? other) => other is not null && Text == other.Text && IsTyped == other.IsTyped;

    public override bool Equals(object? obj) => Equals(obj as Literal);

    public override int GetHashCode() => HashCode.Combine(Text.GetHashCode(StringComparison.Ordinal), IsTyped);
}
