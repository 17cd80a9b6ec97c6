namespace Indelible.Detection;

/// <summary>What holds of every event that a question is about, in words that a search index knows. An event of which it holds need not be one: <see cref="HistoryQuestion.TimeOf"/> says.</summary>
/// <param name="Path">The names of the members that lead to the value; lists are no step.</param>
/// <param name="Values">Spellings, one of which a value there has; none where it only has to be there.</param>
/// <param name="IsNetwork">Whether the spelling is a network, as <c>203.0.113.0/24</c>, and a value is an address in it.</param>
public sealed record HistoryClause(IReadOnlyList<string> Path, IReadOnlyList<string> Values, bool IsNetwork);
