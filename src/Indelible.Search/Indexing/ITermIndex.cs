namespace Indelible.Search;

/// <summary>What stands at a path.</summary>
internal enum TermKind : byte
{
    /// <summary>A string; the term is its UTF-8.</summary>
    String = 1,

    /// <summary>A number; the term is its JSON text. Terms are in the order of their values.</summary>
    Number = 2,

    /// <summary><c>true</c>, <c>false</c> or <c>null</c>; the term is that spelling.</summary>
    Word = 3,

    /// <summary>An IP address that a string spells, beside the string and also where strings are kept as hashes; the term is 16 bytes big-endian, IPv4 as <c>::ffff:a.b.c.d</c>.</summary>
    Address = 4,
}

/// <summary>Receives one term of the dictionary and the rows that have it.</summary>
/// <param name="term">Its bytes; valid during the call.</param>
/// <param name="rows">Its rows; valid during the call.</param>
/// <returns>Whether to go on.</returns>
internal delegate bool TermVisitor(ReadOnlySpan<byte> term, in Postings rows);

/// <summary>The index of one chunk of a log: rows 0 to <see cref="Rows"/> − 1. What it says is exact, unless a member says otherwise.</summary>
/// <remarks>
/// Two homes: in memory while the chunk fills, and a mapped file. Thread-safe; one that still fills answers for at least the rows that <see cref="Rows"/> told before.
/// A path is a member's path as <see cref="FieldPath"/> has it: arrays are no step.
/// </remarks>
internal interface ITermIndex
{
    /// <summary>How many rows are covered.</summary>
    int Rows { get; }

    /// <summary>Rows that have a member at the path, whatever its value. The path without names is the entry itself: rows that have a body.</summary>
    void AddExisting(FieldPath path, RowSet into);

    /// <summary>Rows that have a sealed personal value (<c>$pii</c>) exactly at the path; at any path where it is null.</summary>
    void AddSealed(FieldPath? path, RowSet into);

    /// <summary>Rows that have exactly this term at the path. Says nothing of hashed values.</summary>
    /// <param name="path">The path.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="term">The term.</param>
    /// <param name="into">Receives the rows.</param>
    /// <param name="within">Rows that matter: others may be left out. Null for all.</param>
    void AddEqual(FieldPath path, TermKind kind, ReadOnlySpan<byte> term, RowSet into, RowSet? within = null);

    /// <summary>How many rows have exactly this term at the path, without reading them where that is known.</summary>
    int CountEqual(FieldPath path, TermKind kind, ReadOnlySpan<byte> term);

    /// <summary>Visits the terms of a kind at a path in ascending order: strings and addresses by their bytes, numbers by their value.</summary>
    /// <param name="path">The path.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="from">The first term, or any bytes that lie before it; empty for all. For numbers, a JSON number.</param>
    /// <param name="visit">Called for each; ends the visit by its result.</param>
    void VisitTerms(FieldPath path, TermKind kind, ReadOnlySpan<byte> from, TermVisitor visit);

    /// <summary>How many terms of a kind there are at a path.</summary>
    int CountTerms(FieldPath path, TermKind kind);

    /// <summary>Whether strings at the path are kept as hashes. Then <see cref="AddHashed"/> finds them, and <see cref="VisitTerms"/> shows none.</summary>
    /// <remarks>So it is, too, with <c>time</c>, <c>observed_time</c> and <c>received_at</c>, whose instants stand in <see cref="Times"/>, and with <c>salt</c>, which is in no index.</remarks>
    bool IsHashed(FieldPath path);

    /// <summary>Rows whose string at the path may be this one: all that are, and those that hash alike.</summary>
    void AddHashed(FieldPath path, ReadOnlySpan<byte> value, RowSet into);

    /// <summary>Rows that have a hashed string at the path.</summary>
    void AddHashedRows(FieldPath path, RowSet into);

    /// <summary>The strings at the path as they are kept: as hashes; null where <see cref="IsHashed"/> is false, and for the three times and the salt.</summary>
    IHashedStrings? Hashes(FieldPath path);

    /// <summary>Rows with this word, folded (<see cref="Words.Fold"/>), in some string that free text looks into, identifiers left out.</summary>
    /// <param name="word">The word.</param>
    /// <param name="into">Receives the rows.</param>
    /// <param name="within">Rows that matter: others may be left out. Null for all.</param>
    void AddWord(ReadOnlySpan<byte> word, RowSet into, RowSet? within = null);

    /// <summary>How many rows have the word, as <see cref="AddWord"/> finds them; −1 where that is not known without reading them.</summary>
    int CountWord(ReadOnlySpan<byte> word);

    /// <summary>Visits the words that begin with some bytes, in ascending order of their bytes.</summary>
    void VisitWords(ReadOnlySpan<byte> prefix, TermVisitor visit);

    /// <summary>Rows where consecutive words may stand inside an identifier: none where no identifier of the chunk has such a shape, those that hash alike where the words are a whole one, else every row that has such an identifier.</summary>
    /// <remarks>
    /// Only words with a digit are left out of identifiers (<see cref="IdentifierShape"/>), and only at paths whose strings are kept as hashes: phrases without such a word are found by their
    /// words alone. Beside identifiers, rows with words that are too long to be terms, where a word of the phrase can be so long; they too are at such paths alone.
    /// </remarks>
    /// <param name="phrase">The words, with wildcards or without.</param>
    /// <param name="into">Receives the rows.</param>
    void AddIdentifiers(Phrase phrase, RowSet into);

    /// <summary>Rows of which this index does not know everything: whatever stands there at the path may be missing from every other answer.</summary>
    /// <param name="path">The path, or null for free text.</param>
    /// <param name="into">Receives the rows: none, unless the chunk has more paths or terms than an index takes, or an entry is no JSON.</param>
    void AddUnindexed(FieldPath? path, RowSet into);

    /// <summary>The times of the rows at <c>time</c>, <c>observed_time</c> or <c>received_at</c>; null for another path.</summary>
    ITimeColumn? Times(FieldPath path);
}

/// <summary>One instant for each row: ticks in UTC, or −1 where there is none that can be read.</summary>
internal interface ITimeColumn
{
    /// <summary>The least instant of rows that are decided, or less; <see cref="long.MaxValue"/> where there is none.</summary>
    long Least { get; }

    /// <summary>The greatest, or more; −1 where there is none.</summary>
    long Greatest { get; }

    /// <summary>Whether some row has more than one value there, or one that is no plain instant: the column does not decide for such rows.</summary>
    /// <param name="into">Receives those rows.</param>
    void AddUndecided(RowSet into);

    /// <summary>Adds the rows with <paramref name="from"/> ≤ instant &lt; <paramref name="to"/>.</summary>
    void AddBetween(long from, long to, RowSet into);

    /// <summary>The instants of 128 rows from <paramref name="block"/> × 128 on, fewer at the end.</summary>
    /// <param name="block">Which.</param>
    /// <param name="into">Receives them; at least 128.</param>
    /// <returns>How many.</returns>
    int Read(int block, Span<long> into);

    /// <summary>The least and the greatest instant of a block; −1 counts, so that a block with an unreadable one has it as its least.</summary>
    (long Least, long Greatest) Bounds(int block);
}
