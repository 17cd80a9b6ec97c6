using System.Text;

namespace Indelible.Search;

/// <summary>What a range compares its values as.</summary>
internal enum RangeKind
{
    /// <summary>As exact decimal numbers, also those that are stored as strings.</summary>
    Number,

    /// <summary>As instants.</summary>
    Time,

    /// <summary>As IP addresses of one family.</summary>
    Address,

    /// <summary>As text by code points.</summary>
    Text,
}

/// <summary>One end of a range.</summary>
internal sealed record RangeEnd(string Text, bool Inclusive);

/// <summary>Values between two ends, of which one may be open. Times are always from (included) to (not included).</summary>
internal sealed class ValueRange : IEquatable<ValueRange>
{
    private readonly Bound? _lower;
    private readonly Bound? _upper;

    private ValueRange(RangeKind kind, RangeEnd? lower, RangeEnd? upper, Bound? lowerBound, Bound? upperBound)
    {
        (Kind, Lower, Upper, _lower, _upper) = (kind, lower, upper, lowerBound, upperBound);
    }

    public RangeKind Kind { get; }

    public RangeEnd? Lower { get; }

    public RangeEnd? Upper { get; }

    /// <summary>Makes a range; null when an end is not of the kind, or nothing lies between the ends.</summary>
    public static ValueRange? TryCreate(RangeKind kind, RangeEnd? lower, RangeEnd? upper)
    {
        Bound? lowerBound = lower is null ? null : Bound.TryParse(kind, lower.Text);
        Bound? upperBound = upper is null ? null : Bound.TryParse(kind, upper.Text);
        if ((lower is null && upper is null) || (lower is not null && lowerBound is null) || (upper is not null && upperBound is null))
        {
            return null;
        }

        if (lowerBound is not null && upperBound is not null)
        {
            int order = lowerBound.CompareTo(upperBound);
            if (order > 0 || (order == 0 && !(lower!.Inclusive && upper!.Inclusive)))
            {
                return null;
            }
        }

        return new ValueRange(kind, lower, upper, lowerBound, upperBound);
    }

    public static ValueRange? TryCreateTime(long? from, long? to) => TryCreate(
        RangeKind.Time,
        from is { } start ? new RangeEnd(TimeText.Format(start), true) : null,
        to is { } end ? new RangeEnd(TimeText.Format(end), false) : null);

    /// <summary>For times: the first tick that lies in it.</summary>
    public long FromTicks => _lower is null ? 0 : _lower.Ticks + (Lower!.Inclusive ? 0 : 1);

    /// <summary>For times: the tick behind the last.</summary>
    public long ToTicks => _upper is null ? long.MaxValue : _upper.Ticks + (Upper!.Inclusive ? 1 : 0);

    /// <summary>For addresses: those in it.</summary>
    public AddressRange Addresses
    {
        get
        {
            AddressText end = (_lower ?? _upper)!.Address;
            AddressRange all = AddressRange.All(end.IsV4);
            UInt128 low = _lower is null ? all.Low : AddressRange.Widen(end.IsV4, _lower.Address.Value) + (Lower!.Inclusive ? UInt128.Zero : UInt128.One);
            UInt128 high = _upper is null ? all.High : AddressRange.Widen(end.IsV4, _upper.Address.Value) - (Upper!.Inclusive ? UInt128.Zero : UInt128.One);

            // An end that is not included may be the last or the first address there is.
            bool isEmpty = (_lower is not null && low == UInt128.Zero && !Lower!.Inclusive) || (_upper is not null && high == UInt128.MaxValue && !Upper!.Inclusive);
            return isEmpty ? new AddressRange(UInt128.One, UInt128.Zero, end.IsV4) : new AddressRange(low, high, end.IsV4);
        }
    }

    /// <summary>Whether a number, or for text a string, lies above the upper end.</summary>
    public bool IsBelow(ReadOnlySpan<byte> value) => _upper is not null && _upper.TryCompare(value, out int order) && order > 0;

    public bool MatchesNumber(ReadOnlySpan<byte> value) => Kind == RangeKind.Number && Contains(value);

    public bool MatchesString(ReadOnlySpan<byte> value) => Contains(value);

    public bool Equals(ValueRange? other) => other is not null && Kind == other.Kind && Lower == other.Lower && Upper == other.Upper;

    public override bool Equals(object? obj) => Equals(obj as ValueRange);

    public override int GetHashCode() => HashCode.Combine(Kind, Lower, Upper);

    private bool Contains(ReadOnlySpan<byte> value)
    {
        if (_lower is not null && !(_lower.TryCompare(value, out int low) && (low > 0 || (low == 0 && Lower!.Inclusive))))
        {
            return false;
        }

        return _upper is null || (_upper.TryCompare(value, out int high) && (high < 0 || (high == 0 && Upper!.Inclusive)));
    }

    private sealed class Bound
    {
        private NumberText? _number;
        private AddressText? _address;
        private byte[]? _text;
        private long _ticks;

        public long Ticks => _ticks;

        public AddressText Address => _address!.Value;

        public static Bound? TryParse(RangeKind kind, string text)
        {
            switch (kind)
            {
                case RangeKind.Number:
                    return NumberText.TryParse(text) is { } number ? new Bound { _number = number } : null;
                case RangeKind.Address:
                    return AddressText.TryParse(text) is { } address && !text.Contains('/', StringComparison.Ordinal)
                        ? new Bound { _address = address }
                        : null;
                case RangeKind.Time:
                    // Only the one spelling of an instant: relative and shortened times are resolved before they come here.
                    return TimeText.TryRead(text, 0, out long from, out _) && TimeText.Format(from) == text
                        ? new Bound { _ticks = from }
                        : null;
                default:
                    return new Bound { _text = Encoding.UTF8.GetBytes(text) };
            }
        }

        public bool TryCompare(ReadOnlySpan<byte> value, out int order)
        {
            if (_number is not null)
            {
                return _number.TryCompare(value, out order);
            }

            if (_address is { } address)
            {
                return address.TryCompare(value, out order);
            }

            if (_text is not null)
            {
                order = value.SequenceCompareTo(_text);
                return true;
            }

            bool isTime = TimeText.TryReadInstant(value, out long ticks);
            order = ticks.CompareTo(_ticks);
            return isTime;
        }

        public int CompareTo(Bound other)
        {
            if (_number is not null)
            {
                return _number.CompareTo(other._number!);
            }

            if (_address is { } address)
            {
                // Ends of two families have nothing between them.
                AddressText end = other._address!.Value;
                return address.IsV4 == end.IsV4 ? address.Value.CompareTo(end.Value) : 1;
            }

            return _text is not null ? _text.AsSpan().SequenceCompareTo(other._text) : _ticks.CompareTo(other._ticks);
        }
    }
}
