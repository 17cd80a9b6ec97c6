using System.Runtime.CompilerServices;
using Indelible.Search;
using Indelible.Server.Access;
using Indelible.Server.Views;

namespace Indelible.Server.Export;

/// <summary>Everything that a query matches, in ascending index, page by page.</summary>
internal static class MatchingEntries
{
    /// <summary>Finds them.</summary>
    /// <param name="entries">The entries as whoever exports sees them.</param>
    /// <param name="request">What to find.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Pages, some of them without a result: however long nothing is found, whoever waits is asked in between whether he still does.</returns>
    public static async IAsyncEnumerable<IReadOnlyList<SearchHit>> PagesAsync(
        VisibleEntries entries, ExportRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            var wanted = new SearchRequest(request.Query, request.Time, SearchOrder.OldestFirst, ServerLimits.PageSize, cursor, request.AsOf);
            SearchPage page = await Searches.FindNextAsync(entries, wanted, cancellationToken);
            yield return page.Items;
            cursor = page.Next;
        }
        while (cursor is not null);
    }
}
