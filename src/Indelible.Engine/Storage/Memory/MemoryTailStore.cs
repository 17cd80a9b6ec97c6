namespace Indelible.Engine.Storage.Memory;

/// <summary>Tails in memory: for tests and simulations.</summary>
public sealed class MemoryTailStore : ITailStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, SortedDictionary<long, byte[]>> _tails = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public IReadOnlyList<TailLocation> Append(string log, long firstIndex, IReadOnlyList<ReadOnlyMemory<byte>> entries)
    {
        lock (_lock)
        {
            if (!_tails.TryGetValue(log, out SortedDictionary<long, byte[]>? tail))
            {
                _tails.Add(log, tail = []);
            }

            if (tail.Count > 0 && tail.Keys.Last() + 1 != firstIndex)
            {
                throw new StorageException($"The tail of log {log} does not end at {firstIndex}.", StorageOutcome.NothingChanged);
            }

            var locations = new List<TailLocation>(entries.Count);
            for (int i = 0; i < entries.Count; i++)
            {
                tail.Add(firstIndex + i, entries[i].ToArray());
                locations.Add(new TailLocation(firstIndex + i, 0));
            }

            return locations;
        }
    }

    /// <inheritdoc/>
    public IEnumerable<TailEntry> Load(string log, long? journalBegins)
    {
        lock (_lock)
        {
            if (!_tails.TryGetValue(log, out SortedDictionary<long, byte[]>? tail))
            {
                return [];
            }

            foreach (long index in tail.Keys.Where(index => index >= journalBegins).ToArray())
            {
                tail.Remove(index);
            }

            return
            [
                .. tail.Select(entry => new TailEntry(entry.Key, new TailLocation(entry.Key, 0), entry.Value)),
            ];
        }
    }

    /// <inheritdoc/>
    public bool Read(string log, TailLocation location, Span<byte> destination)
    {
        lock (_lock)
        {
            if (!_tails.TryGetValue(log, out SortedDictionary<long, byte[]>? tail) || !tail.TryGetValue(location.File, out byte[]? entry))
            {
                return false;
            }

            entry.AsSpan(location.Offset, destination.Length).CopyTo(destination);
            return true;
        }
    }

    /// <inheritdoc/>
    public void Drop(string log, long beforeIndex)
    {
        lock (_lock)
        {
            if (_tails.TryGetValue(log, out SortedDictionary<long, byte[]>? tail))
            {
                foreach (long index in tail.Keys.TakeWhile(index => index < beforeIndex).ToArray())
                {
                    tail.Remove(index);
                }
            }
        }
    }

    /// <summary>Does nothing: a simulation opens the same tails again.</summary>
    public void Dispose()
    {
    }
}
