namespace Indelible.Detection;

/// <summary>Why a rule is refused.</summary>
/// <param name="File">The file's path, as it was given.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1.</param>
/// <param name="Reason">What is wrong and what was expected, in a sentence.</param>
public sealed record RuleFault(string File, int Line, int Column, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line}:{Column}: {Reason}";
}
