using System.Text.Json;

namespace Indelible.Search;

/// <summary>Search by looking at every entry: needs no index, lags behind nothing, and is the oracle for every index.</summary>
/// <remarks>
/// A request looks at no more than <see cref="ScanLimits.MaxScanned"/> entries. When that does not suffice it says so: the page carries
/// what was found, a cursor that goes on exactly there, and a total that is only a lower bound. Stateless and safe to share.
/// </remarks>
public sealed class ScanSearch
{
    private readonly IndexedSearch _search;

    /// <summary>Makes a search with bounds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A bound is below 1: no search would ever get on.</exception>
    public ScanSearch(ScanLimits? limits = null) => _search = new IndexedSearch(limits);

    /// <summary>Finds one page of results.</summary>
    /// <param name="source">The entries as the asker may see them.</param>
    /// <param name="request">What to look for; its cursor is untrusted.</param>
    /// <param name="cancellationToken">Ends the search; nothing remains of it.</param>
    /// <exception cref="SearchException">The request was refused.</exception>
    /// <exception cref="JsonException">The source showed bytes that are not JSON.</exception>
    public Task<SearchPage> SearchAsync(IEntrySource source, SearchRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        return _search.SearchAsync(new UnindexedSource(source), request, cancellationToken);
    }
}
