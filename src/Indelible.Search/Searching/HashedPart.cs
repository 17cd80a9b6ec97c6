namespace Indelible.Search;

/// <summary>Rows of a chunk whose values at the counted path are kept as hashes.</summary>
/// <param name="Span">The chunk.</param>
/// <param name="Hashes">The hashes.</param>
/// <param name="Rows">The rows that are counted, rented.</param>
/// <param name="Count">How many rows that are.</param>
/// <param name="IsAll">Whether they are all that have one, of an index that does not grow.</param>
internal sealed record HashedPart(LogSpan Span, IHashedStrings Hashes, RowSet Rows, int Count, bool IsAll);
