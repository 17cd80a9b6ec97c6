namespace Indelible.Detection;

/// <summary>Times by key, as many as there is room for: what was not asked for longest is forgotten first, by halves.</summary>
internal sealed class RecentTimes(int most)
{
    private Dictionary<UInt128, long> _young = [];
    private Dictionary<UInt128, long> _old = [];

    /// <summary>How many times are kept.</summary>
    public int Count => _young.Count + _old.Count;

    /// <summary>The time of a key, if it is known.</summary>
    public long? Find(UInt128 key)
    {
        if (_young.TryGetValue(key, out long time))
        {
            return time;
        }

        if (!_old.TryGetValue(key, out time))
        {
            return null;
        }

        Set(key, time);
        return time;
    }

    /// <summary>Keeps a time.</summary>
    public void Set(UInt128 key, long time)
    {
        _young[key] = time;
        if (_young.Count >= most / 2)
        {
            (_old, _young) = (_young, []);
        }
    }

    /// <summary>Writes all of them.</summary>
    public void Save(BinaryWriter to)
    {
        foreach (Dictionary<UInt128, long> times in new[] { _young, _old })
        {
            to.Write(times.Count);
            foreach ((UInt128 key, long time) in times)
            {
                to.Write((ulong)(key >> 64));
                to.Write((ulong)key);
                to.Write(time);
            }
        }
    }

    /// <summary>Takes over what <see cref="Save"/> wrote; into one that has none.</summary>
    /// <exception cref="IOException">It ends too early.</exception>
    /// <exception cref="InvalidDataException">There are more than there is room for.</exception>
    public void Load(BinaryReader from)
    {
        foreach (Dictionary<UInt128, long> times in new[] { _young, _old })
        {
            for (int left = SavedState.ReadCount(from, most / 2); left > 0; left--)
            {
                var key = new UInt128(from.ReadUInt64(), from.ReadUInt64());
                times[key] = from.ReadInt64();
            }
        }
    }
}
