namespace Indelible.SearchBench;

/// <summary>A question in a dialect of SQL.</summary>
/// <param name="Rows">Selects the numbers of the newest rows.</param>
/// <param name="Bodies">Selects number and body of the same.</param>
/// <param name="Total">Counts all of them.</param>
/// <param name="Arguments">The arguments of all three.</param>
internal sealed record SqlQuestion(string Rows, string Bodies, string Total, params IReadOnlyList<object> Arguments)
{
    /// <summary>A question that a condition on the table of events answers.</summary>
    public static SqlQuestion Where(string condition, params IReadOnlyList<object> arguments) => Where(condition, "number DESC", arguments);

    /// <summary>The same, the newest by another order that says the same.</summary>
    public static SqlQuestion Where(string condition, string order, IReadOnlyList<object> arguments) => new(
        $"SELECT number FROM events WHERE {condition} ORDER BY {order} LIMIT {Question.PageRows}",
        $"SELECT number, body FROM events WHERE {condition} ORDER BY {order} LIMIT {Question.PageRows}",
        $"SELECT count(*) FROM events WHERE {condition}",
        arguments);
}
