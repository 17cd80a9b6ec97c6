using Indelible.Search;
using Indelible.Server.Access;
using Indelible.Server.Problems;

namespace Indelible.Server.Views;

/// <summary>How entries are found and counted: the one place that knows by which means.</summary>
internal static class Searches
{
    private static readonly IndexedSearch s_search = new();
    private static readonly IndexedCounts s_counts = new();

    /// <summary>Finds a page of results.</summary>
    /// <exception cref="ProblemException">400: the request was refused; it names the parameter.</exception>
    public static async Task<SearchPage> FindAsync(VisibleEntries entries, SearchRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await entries.SearchAsync(source => s_search.SearchAsync(source, request, cancellationToken));
        }
        catch (SearchException e)
        {
            throw new ProblemException(Problem.InvalidParameter(ParameterOf(e.Fault, "limit"), e.Message));
        }
    }

    /// <summary>Counts.</summary>
    /// <exception cref="ProblemException">As <see cref="FindAsync"/>.</exception>
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

    private static string ParameterOf(SearchFault fault, string limit) => fault switch
    {
        SearchFault.InvalidCursor or SearchFault.CursorOfAnotherRequest => "cursor",
        SearchFault.AsOfOutOfRange => "as_of",
        SearchFault.LimitOutOfRange => limit,
        SearchFault.IntervalOutOfRange => "interval",
        _ => "order",
    };
}
