namespace Indelible.Search;

/// <summary>A path of an index file.</summary>
/// <param name="Parent">The number of the path that it is a member of.</param>
/// <param name="Name">Where its name is in the resident part.</param>
/// <param name="NameLength">How many bytes the name has.</param>
/// <param name="IsText">Whether free text looks into it.</param>
/// <param name="Terms">How many terms it has of each kind, from strings on.</param>
/// <param name="Existing">Rows that have it.</param>
/// <param name="Sealed">Rows that have a sealed value there.</param>
/// <param name="Hashes">Its strings, where they are kept as hashes.</param>
internal readonly record struct IndexedPath(
    int Parent, int Name, int NameLength, bool IsText, (int Strings, int Numbers, int Words, int Addresses) Terms, RowsPlace Existing, RowsPlace Sealed, IndexedHashes? Hashes);

/// <summary>A column of hashes of an index file.</summary>
/// <param name="BucketBits">How many bits of a hash name its bucket.</param>
/// <param name="Starts">Where each segment begins, from the first of all columns.</param>
/// <param name="Counts">How many values each has.</param>
/// <param name="Shape">What its identifiers look like.</param>
/// <param name="Rows">Rows that have a string there.</param>
/// <param name="Identifiers">Rows that have an identifier there.</param>
internal sealed record IndexedHashes(int BucketBits, int[] Starts, int[] Counts, IdentifierShape Shape, RowsPlace Rows, RowsPlace Identifiers);

/// <summary>A column of times of an index file.</summary>
/// <param name="Undecided">Rows whose member is not one plain instant.</param>
/// <param name="Least">The least instant; <see cref="long.MaxValue"/> where there is none.</param>
/// <param name="Greatest">The greatest; −1 where there is none.</param>
/// <param name="Heads">Where its blocks' heads are in the file.</param>
/// <param name="Steps">Where their steps are.</param>
/// <param name="StepBytes">How many bytes those have.</param>
internal sealed record IndexedTimes(RowsPlace Undecided, long Least, long Greatest, int Heads, int Steps, int StepBytes);
