using System.Runtime.CompilerServices;
using Indelible.Search;

namespace Indelible.Server.Export;

/// <summary>Everything that a query matches, in ascending index, page by page.</summary>
/// <remarks>The one place where exports search.</remarks>
internal static class MatchingEntries
{
    // No further than a page: nobody asks how many match, and what is counted ahead would be looked at again.
    private static readonly ScanSearch s_search = new(new ScanLimits { MaxScanned = ServerLimits.PageSize });

    /// <summary>Finds them.</summary>
    /// <param name="source">The entries as whoever exports sees them.</param>
    /// <param name="request">What to find.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Pages, some of them without a result: however long nothing is found, whoever waits is asked in between whether he still does.</returns>
    public static async IAsyncEnumerable<IReadOnlyList<SearchHit>> PagesAsync(
        IEntrySource source, ExportRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            var wanted = new SearchRequest(request.Query, request.Time, SearchOrder.OldestFirst, ServerLimits.PageSize, cursor, request.AsOf);
            SearchPage page = await s_search.SearchAsync(source, wanted, cancellationToken);
            yield return page.Items;
            cursor = page.Next;
        }
        while (cursor is not null);
    }
}
