namespace Indelible.Search;

/// <summary>One question to one index.</summary>
/// <param name="Index">Which.</param>
/// <param name="Rows">How many of its rows are asked for; what is said of others is not looked at.</param>
/// <param name="Within">Rows that matter, where others are excluded already; null for all. Only a hint.</param>
/// <param name="Sure">Receives rows that surely match.</param>
/// <param name="Open">Receives rows that may match; those of <paramref name="Sure"/> may be among them.</param>
/// <param name="Words">The words of the log, where those of the index may be among them: not of one that may still change, and not of what stands in sealed values.</param>
/// <param name="Budget">What it costs is counted here.</param>
internal readonly record struct IndexQuestion(ITermIndex Index, int Rows, RowSet? Within, RowSet Sure, RowSet Open, LogWords? Words, SearchBudget Budget);
