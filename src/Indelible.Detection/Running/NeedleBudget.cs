namespace Indelible.Detection;

/// <summary>What the tables take that find pieces of texts, of all rules that are put together: a rule that would take them beyond <see cref="DetectionLimits.NeedleTableBytes"/> is refused before anything is made of it.</summary>
internal sealed class NeedleBudget
{
    private readonly Dictionary<(EntryPath Path, bool IsBelow), Place> _places = [];
    private long _bytes;

    /// <summary>Takes the needles of a rule, unless they go beyond.</summary>
    /// <param name="tests">Its tests of texts, each with where it asks and whether of everything below.</param>
    /// <returns>Whether there was room; where not, nothing changed.</returns>
    public bool TryTake(IEnumerable<(EntryPath Path, bool IsBelow, TextTest Test)> tests)
    {
        var added = new Dictionary<(EntryPath Path, bool IsBelow), Place>();
        foreach ((EntryPath path, bool isBelow, TextTest test) in tests)
        {
            byte[] needle = test.Pattern.Literal is null ? new TextMatcher(test.Pattern, test.IsCased).Needle : [];
            if (needle.Length == 0 || (_places.TryGetValue((path, isBelow), out Place? there) && there.Needles.Contains(needle)))
            {
                continue;
            }

            if (!added.TryGetValue((path, isBelow), out Place? more))
            {
                added.Add((path, isBelow), more = new Place());
            }

            more.Add(needle);
        }

        long bytes = _bytes;
        foreach (((EntryPath, bool) key, Place more) in added)
        {
            Place there = _places.GetValueOrDefault(key) ?? new Place();
            bytes += NeedleFinder.TableBytes(there.Bytes + more.Bytes, there.Different.Union(more.Different).Count()) - there.TableBytes;
        }

        if (bytes > DetectionLimits.NeedleTableBytes)
        {
            return false;
        }

        _bytes = bytes;
        foreach (((EntryPath, bool) key, Place more) in added)
        {
            if (!_places.TryAdd(key, more))
            {
                _places[key].Add(more);
            }
        }

        return true;
    }

    /// <summary>The needles that are looked for at one place of entries.</summary>
    private sealed class Place
    {
        public HashSet<byte[]> Needles { get; } = new(Utf8Comparer.Instance);

        public HashSet<byte> Different { get; } = [];

        public long Bytes { get; private set; }

        /// <summary>Nothing, where nothing is looked for.</summary>
        public long TableBytes => Bytes == 0 ? 0 : NeedleFinder.TableBytes(Bytes, Different.Count);

        public void Add(byte[] needle)
        {
            if (Needles.Add(needle))
            {
                Different.UnionWith(needle);
                Bytes += needle.Length;
            }
        }

        public void Add(Place other)
        {
            foreach (byte[] needle in other.Needles)
            {
                Add(needle);
            }
        }
    }
}
