namespace Indelible.Fuzz.Driving;

/// <summary>What a target promises did not hold.</summary>
internal sealed class PropertyBrokenException(string message) : Exception(message);

/// <summary>The statements that targets make about what they parsed.</summary>
internal static class Must
{
    public static void Hold(bool condition, string property)
    {
        if (!condition)
        {
            throw new PropertyBrokenException(property);
        }
    }

    public static void BeSame(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, string property)
    {
        if (!left.SequenceEqual(right))
        {
            throw new PropertyBrokenException($"{property}: {Convert.ToHexStringLower(left)} and {Convert.ToHexStringLower(right)}");
        }
    }
}
