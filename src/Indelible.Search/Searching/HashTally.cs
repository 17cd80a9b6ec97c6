using System.Text;

namespace Indelible.Search;

/// <summary>Counts the values of one path that indexes keep as hashes, for one request.</summary>
/// <remarks>
/// Few rows are looked at, and their values counted as they are. Of many, hashes are counted, and only entries of the largest groups are looked at, to learn what the value is. A hash has too few bits
/// to tell all values of a large log apart, so such counts may be too high by those of values that share one.
/// </remarks>
internal sealed class HashTally
{
    /// <summary>Chunks whose rows are kept until all are known: 4,096, of 8 KiB each at most.</summary>
    private const int MaxParts = 4096;

    // What is counted once for many chunks is kept; where there are fewer it is not worth the memory.
    private const int LeastFixed = 4;

    // Rows of each group that are looked at, at least: the first and the last.
    private const int LeastLooked = 2;

    private readonly FieldPath _path;
    private readonly PathValues _kept;
    private readonly SearchCache _cache;
    private readonly LogSpans _spans;
    private readonly IIndexedSource _source;
    private readonly SearchBudget _budget;
    private readonly CancellationToken _cancellation;
    private readonly EntryLooker _looker;
    private List<HashedPart> _parts = [];

    public HashTally(FieldPath path, PathValues kept, SearchCache cache, LogSpans spans, IIndexedSource source, SearchBudget budget, CancellationToken cancellation)
    {
        (_path, _kept, _cache, _spans, _source, _budget, _cancellation) = (path, kept, cache, spans, source, budget, cancellation);
        _looker = new EntryLooker(source);
    }

    /// <summary>How many upper bits of hashes were compared; 0 where every value was looked at.</summary>
    public int Bits { get; private set; }

    /// <summary>How many different values there are at least, those that are no hashes included; of meaning where <see cref="Bits"/> is not 0.</summary>
    public long Distinct { get; private set; }

    /// <summary>How often a value may be there that is not among the most frequent, where that is more often than the last of them; else 0.</summary>
    public long MostUnlisted { get; private set; }

    /// <summary>Occurrences that were counted by their hash.</summary>
    public long Occurrences { get; private set; }

    /// <summary>Occurrences whose value is not known.</summary>
    public long PassedOver { get; private set; }

    /// <summary>The most frequent of these values, a few more than are wanted, and how often each is there.</summary>
    public IReadOnlyDictionary<string, long> Counts { get; private set; } = new Dictionary<string, long>();

    /// <summary>Adds a part.</summary>
    public void Add(HashedPart part)
    {
        if (_parts.Count < MaxParts)
        {
            _parts.Add(part);
            return;
        }

        PassedOver += part.Count;
        part.Rows.Return();
    }

    /// <summary>Counts what was added.</summary>
    /// <param name="top">How many values are wanted.</param>
    /// <param name="entries">How many entries may be looked at for their values.</param>
    /// <param name="bundles">In how many bundles.</param>
    /// <param name="terms">Gives the values that are no hashes, with their counts.</param>
    /// <param name="onEntry">Receives entries whose values are counted as they are.</param>
    public async ValueTask FinishAsync(int top, long entries, long bundles, Func<IReadOnlyList<(byte[] Value, long Count)>> terms, EntryVisitor onEntry)
    {
        if (_parts.Count > 0 && !await TryLookAtAllAsync(_parts, Math.Min(entries, ScanCounts.MaxDistinct), bundles, onEntry).ConfigureAwait(false))
        {
            Bits = HashGroups.BitsOf(_parts);
            foreach (HashedPart narrow in _parts.Where(part => part.Hashes.Bits < Bits))
            {
                PassedOver += narrow.Count;
            }

            List<HashedPart> wide = [.. _parts.Where(part => part.Hashes.Bits >= Bits)];
            while (wide.Count > 0)
            {
                try
                {
                    await CountAsync(wide, top, bundles, terms()).ConfigureAwait(false);
                    break;
                }
                catch (HashedPartDamagedException e)
                {
                    _spans.Distrust(e.Part.Span);
                    wide.Remove(e.Part);
                    PassedOver += e.Part.Count;
                }
            }
        }

        _parts.ForEach(part => part.Rows.Return());
        _parts = [];
    }

    private async ValueTask<bool> TryLookAtAllAsync(List<HashedPart> parts, long entries, long bundles, EntryVisitor onEntry)
    {
        var wanted = new List<long>();
        if (parts.Sum(part => (long)part.Count) > entries)
        {
            return false;
        }

        foreach (HashedPart part in parts.OrderBy(part => part.Span.From))
        {
            for (int row = part.Rows.FirstFrom(0); row >= 0; row = part.Rows.FirstFrom(row + 1))
            {
                wanted.Add(part.Span.From + row);
            }
        }

        if (wanted.Select(index => index / EntryLooker.BundleEntries).Distinct().Count() > bundles)
        {
            return false;
        }

        await LookAsync(wanted, onEntry).ConfigureAwait(false);
        return true;
    }

    private async ValueTask CountAsync(List<HashedPart> parts, int top, long bundles, IReadOnlyList<(byte[] Value, long Count)> terms)
    {
        int bits = Bits;
        List<(uint Hash, long Count)> hashed = [.. terms.Select(term => (HashedValues.HashOfValue(term.Value), term.Count)).Order()];
        (IReadOnlyList<(uint Hash, long Count)> groups, Distinct, long occurrences, KeptGroups? kept) = await GroupAsync(parts, top, bits, hashed).ConfigureAwait(false);
        Occurrences = occurrences - terms.Sum(term => term.Count);

        // A few more than are wanted: one that is two values may not be among the first.
        List<Group> wanted = [.. groups.Take(top + (top / 8) + 4).Select(group => new Group(group.Hash, kept?.Find(group.Hash)))];
        foreach (Group group in wanted)
        {
            await FindAsync(group, parts, bits).ConfigureAwait(false);
        }

        await NameAsync(wanted, bits, bundles).ConfigureAwait(false);
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (Group group in wanted)
        {
            foreach ((string value, long count) in group.Values())
            {
                counts[value] = counts.GetValueOrDefault(value) + count;
            }

            kept?.Learn(group);
        }

        Counts = counts;
    }

    /// <summary>The largest groups, how many values there are, how many occurrences, and what is kept of those that never change.</summary>
    private async ValueTask<(IReadOnlyList<(uint Hash, long Count)> Groups, long Distinct, long Occurrences, KeptGroups? Kept)> GroupAsync(
        List<HashedPart> parts, int top, int bits, List<(uint Hash, long Count)> terms)
    {
        List<HashedPart> fix = [.. parts.Where(part => part.IsAll)];
        List<HashedPart> rest = [.. parts.Where(part => !part.IsAll)];
        if (fix.Count < LeastFixed || rest.Count > 1)
        {
            return await AllAsync(parts, bits, terms).ConfigureAwait(false);
        }

        KeptGroups? kept = _kept.GroupsOf(fix, bits);
        if (kept is null)
        {
            kept = new KeptGroups(fix, await HashGroups.OfAsync(fix, bits, [], _source, _budget, _cancellation).ConfigureAwait(false));
            if (_cache.HasRoomFor(_kept))
            {
                _kept.Keep(kept);
            }
        }

        if (rest.Count == 0 && terms.Count == 0)
        {
            return (kept.Groups.Largest, kept.Groups.Distinct, kept.Groups.Occurrences, kept);
        }

        HashGroups others = await HashGroups.OfAsync(rest, bits, terms, _source, _budget, _cancellation).ConfigureAwait(false);
        var both = new Dictionary<uint, long>(kept.Counts);
        foreach ((uint hash, long count) in others.Largest)
        {
            both[hash] = both.GetValueOrDefault(hash) + count;
        }

        // Of what is only in the list of those that change, the others' share is not known yet: where it could make it one of the wanted ones, it is counted.
        (_, long last) = Ranked(both, top);
        long unlisted = kept.Groups.MostOfOthers;
        foreach ((uint hash, long count) in others.Largest)
        {
            if (unlisted > 0 && count + unlisted > last && !kept.Counts.ContainsKey(hash) && kept.Groups.MayHave(hash))
            {
                both[hash] += await CountAsync(hash, fix, bits).ConfigureAwait(false);
            }
        }

        (List<(uint Hash, long Count)> groups, last) = Ranked(both, top);

        // What is in neither list could be among the wanted ones together. Where all are as rare as that, everything would be counted again each time: it is said instead.
        bool isOpen = unlisted + others.MostOfOthers > last;
        if (isOpen && last > unlisted)
        {
            return await AllAsync(parts, bits, terms).ConfigureAwait(false);
        }

        MostUnlisted = isOpen && others.MostOfOthers > 0 ? unlisted + others.MostOfOthers : 0;
        return (groups, kept.Groups.Distinct + kept.Groups.CountNew(others), kept.Groups.Occurrences + others.Occurrences, kept);
    }

    /// <summary>Groups, the largest first, and how large the last of the wanted ones is.</summary>
    private static (List<(uint Hash, long Count)> Groups, long Last) Ranked(Dictionary<uint, long> counts, int top)
    {
        List<(uint Hash, long Count)> groups = [.. counts.Select(group => (group.Key, group.Value)).OrderByDescending(group => group.Value).ThenBy(group => group.Key)];
        return (groups, groups[Math.Min(top, groups.Count) - 1].Count);
    }

    /// <summary>How many rows of chunks have a hash.</summary>
    private async ValueTask<long> CountAsync(uint hash, List<HashedPart> parts, int bits)
    {
        await _source.RestAsync(_cancellation).ConfigureAwait(false);
        long count = 0;
        foreach (HashedPart part in parts)
        {
            VisitRows(hash, part, bits, rows => count += rows.Count);
        }

        return count;
    }

    private void VisitRows(uint hash, HashedPart part, int bits, Action<RowSet> visit)
    {
        _budget.Charge(SearchBudget.QuestionWork);
        RowSet rows = RowSet.Rent();
        try
        {
            part.Hashes.AddRows(hash, bits, rows);
            rows.And(part.Rows);
            visit(rows);
        }
        catch (IndexDamagedException)
        {
            throw new HashedPartDamagedException(part);
        }
        finally
        {
            rows.Return();
        }
    }

    private async ValueTask<(IReadOnlyList<(uint Hash, long Count)> Groups, long Distinct, long Occurrences, KeptGroups? Kept)> AllAsync(
        List<HashedPart> parts, int bits, List<(uint Hash, long Count)> terms)
    {
        HashGroups all = await HashGroups.OfAsync(parts, bits, terms, _source, _budget, _cancellation).ConfigureAwait(false);
        return (all.Largest, all.Distinct, all.Occurrences, null);
    }

    /// <summary>Finds the rows of a group; of chunks whose group was looked at before, only how many.</summary>
    private async ValueTask FindAsync(Group group, List<HashedPart> parts, int bits)
    {
        await _source.RestAsync(_cancellation).ConfigureAwait(false);
        foreach (HashedPart part in parts)
        {
            if (group.IsKnown && part.IsAll)
            {
                continue;
            }

            VisitRows(group.Hash, part, bits, rows => group.Add(rows, part));
        }
    }

    /// <summary>Looks at entries of each group: at all where that is not too much, else at some that lie far apart.</summary>
    private async ValueTask NameAsync(List<Group> groups, int bits, long bundles)
    {
        var wanted = new SortedDictionary<long, List<Group>>();
        int left = groups.Count;
        foreach (Group group in groups.OrderBy(group => group.Rows))
        {
            int share = (int)Math.Min(int.MaxValue, Math.Max(LeastLooked, (bundles - wanted.Count) / left--));
            foreach (long index in group.Choose(share))
            {
                if (!wanted.TryGetValue(index, out List<Group>? those))
                {
                    wanted.Add(index, those = []);
                }

                those.Add(group);
            }
        }

        await LookAsync([.. wanted.Keys], (index, view) =>
        {
            foreach (string value in ValuesOf(view))
            {
                uint hash = HashGroups.Masked(HashedValues.HashOfValue(Encoding.UTF8.GetBytes(value)), bits);
                wanted[index].Find(group => group.Hash == hash)?.See(index, value);
            }
        }).ConfigureAwait(false);
    }

    private HashSet<string> ValuesOf(ReadOnlySpan<byte> view)
    {
        var values = new HashSet<string>(StringComparer.Ordinal);
        EntryValues.Visit(view, _path, value => values.Add(value));
        return values;
    }

    private async ValueTask LookAsync(List<long> wanted, EntryVisitor visit)
    {
        for (int i = 0; i < wanted.Count;)
        {
            _looker.Wanted.Clear();
            for (long bundle = wanted[i] / EntryLooker.BundleEntries; i < wanted.Count && wanted[i] / EntryLooker.BundleEntries == bundle; i++)
            {
                _looker.Wanted.Add(wanted[i]);
            }

            _budget.CountLooked(_looker.Wanted.Count);
            await _looker.LookAsync(visit, _cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Values of one hash.</summary>
    /// <param name="hash">Its bits that count.</param>
    /// <param name="known">What was learned before of chunks that do not change; null where nothing was.</param>
    internal sealed class Group(uint hash, IReadOnlyList<(string Value, long Count)>? known)
    {
        private readonly Sample _fixed = new();
        private readonly Sample _others = new();

        /// <summary>Its bits that count.</summary>
        public uint Hash => hash;

        /// <summary>Whether something was learned of it before.</summary>
        public bool IsKnown => known is not null;

        /// <summary>How many entries have it, those that are known left out.</summary>
        public int Rows => _fixed.Rows.Count + _others.Rows.Count;

        /// <summary>Adds entries of a part.</summary>
        public void Add(RowSet rows, HashedPart part)
        {
            List<long> into = part.IsAll ? _fixed.Rows : _others.Rows;
            for (int row = rows.FirstFrom(0); row >= 0; row = rows.FirstFrom(row + 1))
            {
                into.Add(part.Span.From + row);
            }
        }

        /// <summary>Chooses entries to look at, at most so many: those of chunks that do not change first. None, where all that is known of it is one value.</summary>
        public IEnumerable<long> Choose(int most)
        {
            if (known is { Count: 1 })
            {
                return [];
            }

            List<long> chosen = _fixed.Choose(most);
            chosen.AddRange(_others.Choose(most - chosen.Count));
            return chosen;
        }

        /// <summary>Counts a value of an entry that was chosen.</summary>
        public void See(long index, string value) => (_fixed.IsChosen(index) ? _fixed : _others).See(value);

        /// <summary>Its values: as often as they were seen, and the rest counted to the one that was seen most.</summary>
        public IReadOnlyList<(string Value, long Count)> Values()
        {
            var values = new Dictionary<string, long>(StringComparer.Ordinal);
            foreach ((string value, long count) in (known ?? _fixed.Values(null)).Concat(_others.Values(Most(known ?? _fixed.Values(null)))))
            {
                values[value] = values.GetValueOrDefault(value) + count;
            }

            return [.. values.Select(value => (value.Key, value.Value))];
        }

        /// <summary>The same in chunks that do not change; null where that is not known, or was before.</summary>
        public IReadOnlyList<(string Value, long Count)>? Lasting() => known is null && _fixed.Values(null) is { Count: > 0 } values ? values : null;

        private static string? Most(IReadOnlyList<(string Value, long Count)> values) => values.Count == 0 ? null : values.MaxBy(value => value.Count).Value;
    }

    /// <summary>Entries of a group, of which some are looked at.</summary>
    private sealed class Sample
    {
        private readonly Dictionary<string, long> _seen = new(StringComparer.Ordinal);
        private readonly HashSet<long> _chosen = [];

        /// <summary>The entries.</summary>
        public List<long> Rows { get; } = [];

        /// <summary>Chooses at most so many: all, or some that lie far apart.</summary>
        public List<long> Choose(int most)
        {
            int count = Math.Min(most, Rows.Count);
            for (int i = 0; i < count; i++)
            {
                _chosen.Add(Rows[count == 1 ? 0 : (int)((long)i * (Rows.Count - 1) / (count - 1))]);
            }

            return [.. _chosen];
        }

        public bool IsChosen(long index) => _chosen.Contains(index);

        public void See(string value) => _seen[value] = _seen.GetValueOrDefault(value) + 1;

        /// <summary>Values as often as they were seen; the entries that were not looked at count to the one that was seen most.</summary>
        /// <param name="otherwise">To which they count where none was seen.</param>
        public IReadOnlyList<(string Value, long Count)> Values(string? otherwise)
        {
            List<(string Value, long Count)> values = [.. _seen.Select(seen => (seen.Key, seen.Value)).OrderByDescending(value => value.Value).ThenBy(value => value.Key, StringComparer.Ordinal)];
            int rest = Rows.Count - _chosen.Count;
            if (values.Count == 0 && otherwise is not null)
            {
                values.Add((otherwise, 0));
            }

            if (values.Count > 0)
            {
                values[0] = (values[0].Value, values[0].Count + rest);
            }

            return values;
        }
    }
}
