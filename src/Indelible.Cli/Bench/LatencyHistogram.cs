using System.Numerics;

namespace Indelible.Cli.Bench;

/// <summary>Counts durations in buckets that grow with them: any number of durations in 14 KB, each told to within 1.6 %.</summary>
/// <remarks>A bucket is a power of two of microseconds, divided into 64. Not thread-safe: one for each thread, added up at the end.</remarks>
internal sealed class LatencyHistogram
{
    private const int SubBits = 6;
    private const int Sub = 1 << SubBits;
    private readonly long[] _buckets = new long[(32 - SubBits + 1) * Sub];

    /// <summary>Durations counted.</summary>
    public long Count { get; private set; }

    /// <summary>The longest, exactly.</summary>
    public TimeSpan Max { get; private set; }

    /// <summary>Counts a duration; more than an hour counts as an hour.</summary>
    public void Add(TimeSpan duration)
    {
        uint microseconds = (uint)Math.Clamp(duration.TotalMicroseconds, 0, 3_600_000_000);
        _buckets[BucketOf(microseconds)]++;
        Count++;
        Max = duration > Max ? duration : Max;
    }

    /// <summary>Counts what another has counted.</summary>
    public void Add(LatencyHistogram other)
    {
        for (int i = 0; i < _buckets.Length; i++)
        {
            _buckets[i] += other._buckets[i];
        }

        Count += other.Count;
        Max = other.Max > Max ? other.Max : Max;
    }

    /// <summary>The duration that a share of all durations does not exceed.</summary>
    /// <param name="share">Above 0, at most 1.</param>
    public TimeSpan Percentile(double share)
    {
        long rank = (long)Math.Ceiling(share * Count);
        long seen = 0;
        for (int i = 0; i < _buckets.Length; i++)
        {
            seen += _buckets[i];
            if (seen >= rank && seen > 0)
            {
                var upper = TimeSpan.FromMicroseconds(UpperOf(i));
                return upper < Max ? upper : Max;
            }
        }

        return Max;
    }

    private static int BucketOf(uint microseconds)
    {
        int shift = Math.Max(0, BitOperations.Log2(microseconds | 1) - SubBits);
        return (shift * Sub) + (int)(microseconds >> shift);
    }

    // The inverse: bucket i holds values v with v >> shift = i - shift * Sub, and beyond the first row that is at least Sub.
    private static long UpperOf(int bucket)
    {
        int shift = Math.Max(0, (bucket / Sub) - 1);
        return ((bucket - (shift * Sub) + 1L) << shift) - (shift == 0 ? 0 : 1);
    }
}
