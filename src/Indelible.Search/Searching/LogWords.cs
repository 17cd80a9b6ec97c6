using System.Runtime.CompilerServices;

namespace Indelible.Search;

/// <summary>The different words of a log's indexes: chunks share most of them, so a pattern is compared with each once rather than once in each chunk. Thread-safe.</summary>
internal sealed class LogWords(object log, long maxBytes) : CachedOfLog(log)
{
    private readonly Lock _lock = new();
    private readonly ValueTable _table = new();
    private readonly ConditionalWeakTable<ITermIndex, object> _known = [];
    private long _memoryBytes;
    private bool _isFull;

    /// <inheritdoc/>
    public override long MemoryBytes => Volatile.Read(ref _memoryBytes);

    /// <summary>Looks for words that fit a pattern.</summary>
    /// <param name="index">An index that never changes. Its words are learned, where they are not known.</param>
    /// <param name="glob">The pattern.</param>
    /// <param name="compared">How many words it was compared with already; moved on.</param>
    /// <param name="matches">Receives those that fit, beside the ones found before.</param>
    /// <param name="maxMatches">More than these are not gathered.</param>
    /// <param name="budget">What it costs is counted here.</param>
    /// <returns>False where the words of the index are not all known, or not all compared: they have to be visited.</returns>
    /// <exception cref="IndexDamagedException">The index proved damaged.</exception>
    public bool TryMatch(ITermIndex index, Glob glob, ref int compared, List<byte[]> matches, int maxMatches, SearchBudget budget)
    {
        lock (_lock)
        {
            if (!_known.TryGetValue(index, out _) && !TryLearn(index, budget))
            {
                return false;
            }

            for (; compared < _table.Count && matches.Count <= maxMatches; compared++)
            {
                ReadOnlySpan<byte> word = _table[compared];
                if (!budget.Charge(word.Length * glob.Wildcards))
                {
                    return false;
                }

                if (glob.MatchesExactly(word))
                {
                    matches.Add(word.ToArray());
                }
            }

            return matches.Count <= maxMatches;
        }
    }

    private bool TryLearn(ITermIndex index, SearchBudget budget)
    {
        if (_isFull)
        {
            return false;
        }

        bool isWhole = true;
        index.VisitWords(default, (ReadOnlySpan<byte> word, in Postings _) =>
        {
            // What is learned stays learned, so a visit that the budget ends is not in vain.
            isWhole = budget.Charge(SearchBudget.TermWork + word.Length);
            if (isWhole && (_table.MemoryBytes >= maxBytes || _table.Add(word) < 0))
            {
                isWhole = false;
                _isFull = true;
            }

            return isWhole;
        });
        Volatile.Write(ref _memoryBytes, _table.MemoryBytes);
        if (isWhole)
        {
            _known.Add(index, _known);
        }

        return isWhole;
    }
}
