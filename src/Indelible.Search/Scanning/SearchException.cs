namespace Indelible.Search;

/// <summary>Why a search request was refused.</summary>
public enum SearchFault
{
    /// <summary>The cursor is not one that we made.</summary>
    InvalidCursor,

    /// <summary>The cursor belongs to another query, time range, order or size.</summary>
    CursorOfAnotherRequest,

    /// <summary>The size asked for is larger than what is durable, or negative.</summary>
    AsOfOutOfRange,

    /// <summary>The limit is below 1 or above <see cref="ScanLimits.MaxPageItems"/>.</summary>
    LimitOutOfRange,

    /// <summary>More entries than <see cref="ScanLimits.MaxSorted"/> allows, or too costly a query, would have to be sorted by
    /// time.</summary>
    TooMuchToSort,

    /// <summary>The width of a histogram is not one that can be chosen, or makes too many intervals.</summary>
    IntervalOutOfRange,
}

/// <summary>A search request was refused; there is no partial result. The message is fit for the caller.</summary>
public sealed class SearchException : Exception
{
    /// <summary>Makes the exception.</summary>
    public SearchException(SearchFault fault, string message)
        : base(message) => Fault = fault;

    /// <summary>Which rule was broken.</summary>
    public SearchFault Fault { get; }
}
