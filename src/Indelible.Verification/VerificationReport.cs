using Indelible.Merkle;

namespace Indelible.Verification;

/// <summary>What a verification came to.</summary>
public enum Verdict
{
    /// <summary>Everything that was to be checked was, and nothing was wrong.</summary>
    Valid,

    /// <summary>Something contradicts the log's signed head.</summary>
    NotValid,

    /// <summary>It could not be found out: the source did not answer, or something in it may be a crash's work as well as somebody's.</summary>
    CouldNotTell,
}

/// <summary>Verdicts as programs read them.</summary>
public static class VerdictWord
{
    /// <summary><c>valid</c>, <c>not_valid</c> or <c>could_not_tell</c>.</summary>
    public static string Of(Verdict verdict) => verdict switch { Verdict.Valid => "valid", Verdict.NotValid => "not_valid", _ => "could_not_tell" };
}

/// <summary>One thing that is wrong.</summary>
/// <param name="What">The kind of thing: <c>checkpoint</c>, <c>entry</c>, <c>bundle</c>, <c>tile</c>, <c>root</c>, <c>state</c>, <c>head</c>, <c>file</c>, <c>receipt</c>, <c>incarnation</c>, <c>handover</c>, <c>rotation</c>.</param>
/// <param name="Where">Which one, and where it lies.</param>
/// <param name="Detail">What was expected and what was found.</param>
public sealed record VerificationFault(string What, string Where, string Detail);

/// <summary>The result of a verification: a verdict, what was and was not checked, and every fault found.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Origin">The log's origin, from the pinned key.</param>
/// <param name="Head">The signed head that everything was compared with; null where none was verified.</param>
/// <param name="Entries">How many entries were re-hashed.</param>
/// <param name="Checked">What was checked, in words.</param>
/// <param name="NotChecked">What was not, and why.</param>
/// <param name="Faults">What is wrong.</param>
/// <param name="Unclear">What could not be found out. With nothing wrong, it makes the verdict <see cref="Verdict.CouldNotTell"/>.</param>
public sealed record VerificationReport(
    Verdict Verdict,
    string Origin,
    TreeHead? Head,
    long Entries,
    IReadOnlyList<string> Checked,
    IReadOnlyList<string> NotChecked,
    IReadOnlyList<VerificationFault> Faults,
    IReadOnlyList<VerificationFault> Unclear);
