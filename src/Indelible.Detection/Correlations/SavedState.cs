namespace Indelible.Detection;

/// <summary>What is common to reading what correlations remembered.</summary>
internal static class SavedState
{
    /// <summary>Changes whenever what is remembered does, or its bytes: an older state is then no state.</summary>
    public const int Version = 2;

    /// <summary>A number from 0 to some.</summary>
    /// <exception cref="IOException">It ends too early.</exception>
    /// <exception cref="InvalidDataException">It is another.</exception>
    public static int ReadCount(BinaryReader from, int most)
    {
        int count = from.ReadInt32();
        Require(count >= 0 && count <= most, "a number is none that it can have");
        return count;
    }

    /// <summary>Ends the writing of what takes too much room.</summary>
    /// <exception cref="IOException">It has more than <see cref="DetectionLimits.SavedBytes"/> already.</exception>
    public static void RequireRoom(BinaryWriter to)
    {
        if (to.BaseStream.Position > DetectionLimits.SavedBytes)
        {
            throw new IOException($"What correlations remember takes more than {DetectionLimits.SavedBytes} bytes.");
        }
    }

    /// <summary>Holds a state to what it must be.</summary>
    /// <exception cref="InvalidDataException">It is not.</exception>
    public static void Require(bool isSo, string otherwise)
    {
        if (!isSo)
        {
            throw new InvalidDataException($"No correlations remember this: {otherwise}.");
        }
    }
}
