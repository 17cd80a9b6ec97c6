namespace Indelible.Search;

/// <summary>What a chunk says of a query as one asker sees the log.</summary>
/// <param name="Found">Rows that he sees and that match, and rows that have to be looked at.</param>
/// <param name="Clear">Of those that surely match, the ones whose personal values he sees in clear; null where none is.</param>
internal readonly record struct SightedVerdict(RowVerdict Found, RowSet? Clear)
{
    /// <summary>Gives the sets back.</summary>
    public void Return()
    {
        if (Clear != Found.Sure)
        {
            Clear?.Return();
        }

        Found.Return();
    }
}

/// <summary>A query and the sights of who asks, made ready to be asked of chunks: one for each request, not thread-safe.</summary>
/// <remarks>
/// An entry is seen by the first sight whose rows select it, and is matched as that sight shows it. What selects rows is asked of what everybody may see, so a
/// personal value decides nobody's rights. Rows that are seen in clear and rows that are not are two questions; mostly there is only one of them.
/// </remarks>
internal sealed class SightedQuestion
{
    private readonly QuestionNode? _clear;
    private readonly QuestionNode? _sealed;

    public SightedQuestion(Query query, IReadOnlyList<RowSight> sights)
    {
        _clear = Of(query, sights, isClear: true);
        _sealed = Of(query, sights, isClear: false);
    }

    /// <summary>Asks a chunk.</summary>
    /// <exception cref="IndexDamagedException">The index cannot be believed; nothing of its answer was given.</exception>
    public SightedVerdict Ask(ChunkQuestion chunk)
    {
        RowVerdict? clear = _clear?.Ask(chunk, null).Between(0, chunk.Rows);
        RowVerdict? shut = _sealed?.Ask(chunk, null).Between(0, chunk.Rows);
        if (clear is not { } inClear)
        {
            return new SightedVerdict(shut ?? new RowVerdict(RowSet.Rent(), null), null);
        }

        if (shut is not { } notInClear)
        {
            return new SightedVerdict(inClear, inClear.Sure);
        }

        RowSet seen = RowSet.Rent();
        seen.Or(inClear.Sure);
        return new SightedVerdict(inClear.Or(notInClear), seen);
    }

    /// <summary>Counts the matching rows of a chunk without reading them, where that can be done.</summary>
    public bool TryCount(ChunkQuestion chunk, out int count)
    {
        count = 0;
        return _clear is null ? _sealed is null || _sealed.TryCount(chunk, out count) : _sealed is null && _clear.TryCount(chunk, out count);
    }

    private static QuestionNode? Of(Query query, IReadOnlyList<RowSight> sights, bool isClear)
    {
        var seen = new List<QuestionNode>();
        for (int i = 0; i < sights.Count; i++)
        {
            if (sights[i].IsClear == isClear)
            {
                // Rows that an earlier sight shows in the other way are not seen so. Those that one shows in the same way may be counted to both.
                List<QuestionNode> earlier = [.. sights.Take(i).Where(sight => sight.IsClear != isClear).Select(RowsOf)];
                seen.Add(earlier.Count == 0
                    ? RowsOf(sights[i])
                    : QuestionNode.And(RowsOf(sights[i]), QuestionNode.Not(QuestionNode.Or(earlier))));
            }
        }

        return seen.Count == 0 ? null : QuestionNode.And(QuestionNode.Or(seen), QuestionNode.Of(query.Root, isClear));
    }

    private static QuestionNode RowsOf(RowSight sight) => QuestionNode.Of(sight.Rows.Root, isClear: false);
}
