using System.Text.Json;

namespace Indelible.Search;

/// <summary>Search by looking at every entry: needs no index, lags behind nothing, and is the oracle for every index.</summary>
/// <remarks>
/// A request looks at no more than <see cref="ScanLimits.MaxScanned"/> entries. When that does not suffice it says so: the page carries
/// what was found, a cursor that goes on exactly there, and a total that is only a lower bound. Stateless and safe to share.
/// </remarks>
public sealed class ScanSearch
{
    private const int BundleEntries = 256;

    private readonly ScanLimits _limits;

    /// <summary>Makes a search with bounds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A bound is below 1: no search would ever get on.</exception>
    public ScanSearch(ScanLimits? limits = null)
    {
        _limits = limits ?? new ScanLimits();
        ArgumentOutOfRangeException.ThrowIfLessThan(_limits.MaxScanned, 1, nameof(limits));
        ArgumentOutOfRangeException.ThrowIfLessThan(_limits.MaxWork, 1, nameof(limits));
        ArgumentOutOfRangeException.ThrowIfLessThan(_limits.MaxSorted, 1, nameof(limits));
        ArgumentOutOfRangeException.ThrowIfLessThan(_limits.MaxPageBytes, 1, nameof(limits));
    }

    /// <summary>Finds one page of results.</summary>
    /// <param name="source">The entries as the asker may see them.</param>
    /// <param name="request">What to look for; its cursor is untrusted.</param>
    /// <param name="cancellationToken">Ends the search; nothing remains of it.</param>
    /// <exception cref="SearchException">The request was refused.</exception>
    /// <exception cref="JsonException">The source showed bytes that are not JSON.</exception>
    public Task<SearchPage> SearchAsync(IEntrySource source, SearchRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        if (request.Limit is < 1 or > ScanLimits.MaxPageItems)
        {
            throw new SearchException(
                SearchFault.LimitOutOfRange, $"The limit is {request.Limit}; it must be between 1 and {ScanLimits.MaxPageItems}.");
        }

        byte[] digest = SearchCursor.DigestOf(request.Query, request.Time, request.Order);
        SearchCursor? cursor = request.Cursor is null ? null : SearchCursor.Parse(request.Cursor, digest);
        long size = source.Size;
        long asOf = cursor?.AsOf ?? request.AsOf ?? size;
        if (request.AsOf is { } wanted && wanted != asOf)
        {
            throw new SearchException(
                SearchFault.CursorOfAnotherRequest, $"The cursor is of size {asOf}, the request asks for size {wanted}.");
        }

        if (asOf < 0 || asOf > size)
        {
            throw new SearchException(SearchFault.AsOfOutOfRange, $"The size {asOf} is outside of what is durable: 0 to {size}.");
        }

        Query query = request.Query.Within(request.Time);
        return request.Order == SearchOrder.ByTime
            ? new TimeScan(source, query, request.Limit, asOf, cursor, digest, _limits).RunAsync(cancellationToken)
            : new IndexScan(source, query, request, asOf, cursor, digest, _limits).RunAsync(cancellationToken);
    }

    /// <summary>
    /// One page in index order. Two frontiers move in the same direction: where the page ends, and how far matches were counted. When the
    /// page is full, counting goes on while the budget lasts, and the cursor keeps the count, so that no later page counts again.
    /// </summary>
    private sealed class IndexScan(
        IEntrySource source, Query query, SearchRequest request, long asOf, SearchCursor? cursor, byte[] digest, ScanLimits limits)
    {
        private readonly bool _descending = request.Order == SearchOrder.NewestFirst;
        private readonly List<SearchHit> _items = [];
        private readonly List<SearchHit> _block = [];
        private readonly List<long> _matches = [];
        private readonly int _cost = query.Cost;
        private long _counted = cursor?.Counted ?? 0;
        private long _countedTo = cursor?.CountedTo ?? (request.Order == SearchOrder.NewestFirst ? asOf : 0);
        private long _bytes;
        private long _scanned;
        private long _work;

        private long End => _descending ? 0 : asOf;

        public async Task<SearchPage> RunAsync(CancellationToken cancellationToken)
        {
            long position = cursor?.Position ?? (_descending ? asOf : 0);
            long? next = null;
            while (position != End)
            {
                if (next is not null)
                {
                    // The page is full: what is left to do is to count, and that goes on where counting stopped.
                    position = Further(position, _countedTo);
                    if (position == End)
                    {
                        break;
                    }
                }

                if (_scanned >= limits.MaxScanned || _work >= limits.MaxWork)
                {
                    next ??= position;
                    break;
                }

                (long from, long to) = Block(position);
                await ReadAsync(from, to, keepItems: next is null, cancellationToken).ConfigureAwait(false);
                next ??= TakeFromBlock();
                position = _descending ? from : to;
                CountBlock(position);
            }

            bool exact = _countedTo == End;
            long delivered = (cursor?.Delivered ?? 0) + _items.Count;
            bool more = next is not null && next != End && !(exact && delivered == _counted);
            string? token = more ? new SearchCursor(asOf, next!.Value, _counted, _countedTo, delivered, 0).Format(digest) : null;
            return new SearchPage(asOf, new SearchTotal(_counted, exact), _items, token, _scanned);
        }

        private (long From, long To) Block(long position)
        {
            if (_descending)
            {
                return ((position - 1) / BundleEntries * BundleEntries, position);
            }

            return (position, Math.Min(asOf, ((position / BundleEntries) + 1) * BundleEntries));
        }

        private long Further(long a, long b) => _descending ? Math.Min(a, b) : Math.Max(a, b);

        private async Task ReadAsync(long from, long to, bool keepItems, CancellationToken cancellationToken)
        {
            _block.Clear();
            _matches.Clear();
            await source.ReadAsync(from, to, Visit, cancellationToken).ConfigureAwait(false);
            _scanned += to - from;

            void Visit(long index, ReadOnlySpan<byte> view)
            {
                cancellationToken.ThrowIfCancellationRequested();
                _work += (long)view.Length * _cost;
                if (query.Matches(view))
                {
                    _matches.Add(index);
                    if (keepItems)
                    {
                        _block.Add(new SearchHit(index, view.ToArray()));
                    }
                }
            }
        }

        /// <summary>Moves results to the page in order; when the page is full, returns where the next one starts.</summary>
        private long? TakeFromBlock()
        {
            if (_descending)
            {
                _block.Reverse();
            }

            foreach (SearchHit hit in _block)
            {
                if (_items.Count > 0 && _bytes + hit.View.Length > limits.MaxPageBytes)
                {
                    return _descending ? hit.Index + 1 : hit.Index;
                }

                _items.Add(hit);
                _bytes += hit.View.Length;
                if (_items.Count == request.Limit)
                {
                    return _descending ? hit.Index : hit.Index + 1;
                }
            }

            return null;
        }

        private void CountBlock(long position)
        {
            foreach (long index in _matches)
            {
                if (_descending ? index < _countedTo : index >= _countedTo)
                {
                    _counted++;
                }
            }

            _countedTo = Further(_countedTo, position);
        }
    }

    /// <summary>One page in time order: the whole range is looked at for each page, and only the best results are kept.</summary>
    private sealed class TimeScan(
        IEntrySource source, Query query, int limit, long asOf, SearchCursor? cursor, byte[] digest, ScanLimits limits)
    {
        // The last of those kept is at the front. One more than the page is kept, to know whether another page follows.
        private readonly PriorityQueue<SearchHit, (long Time, long Index)> _best = new();
        private readonly int _cost = query.Cost;
        private long _counted;
        private long _work;

        public async Task<SearchPage> RunAsync(CancellationToken cancellationToken)
        {
            if (asOf > limits.MaxSorted)
            {
                throw TooMuch($"the log has {asOf} entries, and at most {limits.MaxSorted} can be sorted by time");
            }

            for (long to = asOf; to > 0;)
            {
                long from = (to - 1) / BundleEntries * BundleEntries;
                await source.ReadAsync(from, to, Visit, cancellationToken).ConfigureAwait(false);
                to = from;
                if (_work / 4 >= limits.MaxWork && to > 0)
                {
                    throw TooMuch("the query has too many clauses for so many bytes of entries");
                }
            }

            return Page();

            void Visit(long index, ReadOnlySpan<byte> view)
            {
                cancellationToken.ThrowIfCancellationRequested();
                _work += (long)view.Length * _cost;
                Consider(index, view);
            }
        }

        private static SearchException TooMuch(string reason) =>
            new(SearchFault.TooMuchToSort, $"This cannot be sorted by time: {reason}. Search in index order instead.");

        private void Consider(long index, ReadOnlySpan<byte> view)
        {
            if (!query.Matches(view))
            {
                return;
            }

            _counted++;
            long time = EntryTime.Read(view);
            bool behindCursor = cursor is null || time < cursor.Time || (time == cursor.Time && index < cursor.Position);
            bool amongBest = _best.Count <= limit || (_best.TryPeek(out _, out (long, long) last) && (time, index).CompareTo(last) > 0);
            if (behindCursor && amongBest)
            {
                _best.Enqueue(new SearchHit(index, view.ToArray()), (time, index));
                if (_best.Count > limit + 1)
                {
                    _best.Dequeue();
                }
            }
        }

        private SearchPage Page()
        {
            var kept = new List<(SearchHit Hit, long Time)>();
            while (_best.TryDequeue(out SearchHit? hit, out (long Time, long Index) key))
            {
                kept.Add((hit, key.Time));
            }

            kept.Reverse();
            var items = new List<SearchHit>();
            long bytes = 0;
            foreach ((SearchHit hit, _) in kept)
            {
                if (items.Count == limit || (items.Count > 0 && bytes + hit.View.Length > limits.MaxPageBytes))
                {
                    break;
                }

                items.Add(hit);
                bytes += hit.View.Length;
            }

            string? next = items.Count < kept.Count
                ? new SearchCursor(asOf, items[^1].Index, _counted, 0, 0, kept[items.Count - 1].Time).Format(digest)
                : null;
            return new SearchPage(asOf, new SearchTotal(_counted, true), items, next, asOf);
        }
    }
}
