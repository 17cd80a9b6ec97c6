namespace Indelible.Search;

/// <summary>One test of a query, by itself.</summary>
/// <param name="Query">The test as a query: what it selects whatever else the query asks for.</param>
/// <param name="IsNegated">Whether the query wants entries that do not pass it.</param>
public sealed record QueryClause(Query Query, bool IsNegated);
