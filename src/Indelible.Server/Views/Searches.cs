using Indelible.Search;
using Indelible.Server.Access;
using Indelible.Server.Problems;

namespace Indelible.Server.Views;

/// <summary>How entries are found and counted: the one place that knows by which means.</summary>
internal static class Searches
{
    private static readonly IndexedSearch s_search = new();
    private static readonly IndexedCounts s_counts = new();

    // No further than a page: nobody asks how many match, and what is counted ahead would be looked at again.
    private static readonly IndexedSearch s_pages = new(new ScanLimits { MaxScanned = ServerLimits.PageSize });

    /// <summary>Finds a page of results.</summary>
    /// <exception cref="ProblemException">400: the request was refused; it names the parameter.</exception>
    public static Task<SearchPage> FindAsync(VisibleEntries entries, SearchRequest request, CancellationToken cancellationToken) => FindAsync(s_search, entries, request, cancellationToken);

    /// <summary>Finds a page of results for who wants all of them, one after the other: how many match in all is not counted.</summary>
    /// <exception cref="ProblemException">As <see cref="FindAsync(VisibleEntries, SearchRequest, CancellationToken)"/>.</exception>
    public static Task<SearchPage> FindNextAsync(VisibleEntries entries, SearchRequest request, CancellationToken cancellationToken) => FindAsync(s_pages, entries, request, cancellationToken);

    /// <summary>Goes over what a query selects, oldest first.</summary>
    /// <exception cref="ProblemException">As <see cref="FindAsync(VisibleEntries, SearchRequest, CancellationToken)"/>.</exception>
    public static async Task<ReplayResult> ReplayAsync(VisibleEntries entries, ReplayRequest request, IEntryFollower follower, CancellationToken cancellationToken)
    {
        try
        {
            return await entries.SearchAsync(source => IndexedReplay.RunAsync(source, request, follower, cancellationToken));
        }
        catch (SearchException e)
        {
            throw new ProblemException(Problem.InvalidParameter(ParameterOf(e.Fault, "limit"), e.Message));
        }
    }

    /// <summary>Counts.</summary>
    /// <exception cref="ProblemException">As <see cref="FindAsync(VisibleEntries, SearchRequest, CancellationToken)"/>.</exception>
    public static async Task<CountResult> CountAsync(VisibleEntries entries, CountRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await entries.SearchAsync(source => s_counts.CountAsync(source, request, cancellationToken));
        }
        catch (SearchException e)
        {
            throw new ProblemException(Problem.InvalidParameter(ParameterOf(e.Fault, "top"), e.Message));
        }
    }

    private static async Task<SearchPage> FindAsync(IndexedSearch search, VisibleEntries entries, SearchRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await entries.SearchAsync(source => search.SearchAsync(source, request, cancellationToken));
        }
        catch (SearchException e)
        {
            throw new ProblemException(Problem.InvalidParameter(ParameterOf(e.Fault, "limit"), e.Message));
        }
    }

    private static string ParameterOf(SearchFault fault, string limit) => fault switch
    {
        SearchFault.InvalidCursor or SearchFault.CursorOfAnotherRequest => "cursor",
        SearchFault.AsOfOutOfRange => "as_of",
        SearchFault.LimitOutOfRange => limit,
        SearchFault.IntervalOutOfRange => "interval",
        _ => "order",
    };
}
