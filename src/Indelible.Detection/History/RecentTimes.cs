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
}
