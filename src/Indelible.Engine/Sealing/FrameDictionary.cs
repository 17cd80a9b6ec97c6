using ZstdSharp;

namespace Indelible.Engine.Sealing;

/// <summary>Makes the dictionary that lets frames of a few entries be nearly as small as blocks of many.</summary>
internal static class FrameDictionary
{
    /// <summary>How many entries of a segment it is made of. Four times as many spare half a percent more, and take 0.1 s longer.</summary>
    public const int Samples = 256;

    private const int MaxSampleBytes = 8 << 10;   // bounds the time that training takes
    private const int BytesPerEntry = 2;          // of a small segment the dictionary would be more than it saves

    /// <summary>A dictionary for entries like these.</summary>
    /// <param name="samples">Entries from all parts of the segment.</param>
    /// <param name="count">How many entries the segment has.</param>
    /// <returns>At most <see cref="SegmentFormat.MaxDictionaryBytes"/>; none where the samples are too few or too short for one.</returns>
    public static byte[] Train(IEnumerable<ReadOnlyMemory<byte>> samples, int count)
    {
        try
        {
            return DictBuilder.TrainFromBuffer(
                samples.Select(sample => sample[..Math.Min(sample.Length, MaxSampleBytes)].ToArray()), Math.Min(SegmentFormat.MaxDictionaryBytes, count * BytesPerEntry));
        }
        catch (ZstdException)
        {
            return [];
        }
    }
}
