namespace Indelible.SearchBench;

/// <summary>What a comparison does.</summary>
/// <param name="Events">How many events.</param>
/// <param name="IsRich">Whether all of them have a message of a large vocabulary.</param>
/// <param name="IsSealed">Whether personal values are sealed, and ours has an index of them apart.</param>
/// <param name="Rounds">How often each question is asked of each engine, in turn.</param>
/// <param name="Asked">How many different questions of a kind.</param>
/// <param name="Patience">How long one kind of question may take of one engine in a round; fewer are asked where it is used up, at least one.</param>
/// <param name="Cold">How often the page cache is dropped for each kind of cold question; 0 for never.</param>
/// <param name="Engines">Which, of <see cref="Comparison.Engines"/>.</param>
/// <param name="Kinds">Which questions that find.</param>
/// <param name="IndexesLast">Whether PostgreSQL's indexes are made after the loading.</param>
/// <param name="IsOneByOne">Whether each engine's data is removed before the next is loaded.</param>
/// <param name="Command">The built command, for the engine <c>http</c>.</param>
/// <param name="Folder">Temporary; removed at the end.</param>
internal sealed record ComparisonPlan(
    int Events,
    bool IsRich,
    bool IsSealed,
    int Rounds,
    int Asked,
    TimeSpan Patience,
    int Cold,
    IReadOnlyList<string> Engines,
    IReadOnlyList<QuestionKind> Kinds,
    bool IndexesLast,
    bool IsOneByOne,
    string Command,
    string Folder);
