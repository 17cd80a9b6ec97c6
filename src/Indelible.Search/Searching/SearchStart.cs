namespace Indelible.Search;

/// <summary>A search request that was found in order.</summary>
/// <param name="Source">The log as the asker may see it.</param>
/// <param name="Query">What to look for, the range of time in it.</param>
/// <param name="Request">The request.</param>
/// <param name="AsOf">The size that it covers.</param>
/// <param name="Cursor">Where it goes on, or null.</param>
/// <param name="Digest">What its cursors carry.</param>
/// <param name="Limits">Its bounds.</param>
internal sealed record SearchStart(IIndexedSource Source, Query Query, SearchRequest Request, long AsOf, SearchCursor? Cursor, byte[] Digest, ScanLimits Limits)
{
    /// <summary>Checks a request.</summary>
    /// <exception cref="SearchException">It is refused.</exception>
    public static SearchStart Of(IIndexedSource source, SearchRequest request, ScanLimits limits)
    {
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

        return new SearchStart(source, request.Query.Within(request.Time), request, asOf, cursor, digest, limits);
    }
}
