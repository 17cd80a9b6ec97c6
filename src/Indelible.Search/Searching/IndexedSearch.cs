using System.Text.Json;

namespace Indelible.Search;

/// <summary>Search over the indexes that there are; entries that none covers, or that one cannot decide, are looked at.</summary>
/// <remarks>
/// Answers what <see cref="ScanSearch"/> answers over the same entries, order and pages alike; what is indexed only changes how long it takes. A request looks at no more than
/// <see cref="ScanLimits.MaxScanned"/> entries to decide about them. When that does not suffice it says so: the page carries what was found, a cursor that goes on exactly
/// there, and a total that is only a lower bound. An index that proves damaged counts as none, and is reported. Safe to share.
/// </remarks>
public sealed class IndexedSearch
{
    private readonly ScanLimits _limits;
    private readonly SearchCache _cache;
    private readonly bool _countsAll;

    /// <summary>Makes a search with bounds.</summary>
    /// <param name="limits">The bounds of each request.</param>
    /// <param name="cache">What is kept between requests; null for one of its own.</param>
    /// <param name="countsAll">Whether pages in the order of the log say how many match in all; else counting ends with the page, which saves asking the indexes of all that lies behind it.</param>
    /// <exception cref="ArgumentOutOfRangeException">A bound is below 1: no search would ever get on.</exception>
    public IndexedSearch(ScanLimits? limits = null, SearchCache? cache = null, bool countsAll = true)
    {
        _countsAll = countsAll;
        _limits = limits ?? new ScanLimits();
        _limits.ThrowIfBelowOne();
        _cache = cache ?? new SearchCache();
    }

    /// <summary>Finds one page of results.</summary>
    /// <param name="source">The entries as the asker may see them, and their indexes.</param>
    /// <param name="request">What to look for; its cursor is untrusted.</param>
    /// <param name="cancellationToken">Ends the search; nothing remains of it.</param>
    /// <exception cref="SearchException">The request was refused.</exception>
    /// <exception cref="JsonException">The source showed bytes that are not JSON.</exception>
    public async Task<SearchPage> SearchAsync(IIndexedSource source, SearchRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        var start = SearchStart.Of(source, request, _limits);
        using var spans = new LogSpans(source, start.AsOf);
        LogWords? words = _cache.WordsOf(spans.Log);
        return request.Order == SearchOrder.ByTime
            ? await new TimeOrderSearch(start, spans, words, cancellationToken).RunAsync().ConfigureAwait(false)
            : await new IndexOrderSearch(start, spans, words, _countsAll, cancellationToken).RunAsync().ConfigureAwait(false);
    }
}
