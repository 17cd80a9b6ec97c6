using System.Text;
using System.Text.Json.Nodes;

namespace Indelible.Search.Tests.Searching;

/// <summary>
/// An index that knows less than there is, in every way that one may: strings at some paths are hashes that many values share, words of those without a space are no words
/// of it, some rows are not known at all. Made of an exact one, so that what it hides is known.
/// </summary>
internal sealed class VagueIndex(ITermIndex exact, ITermIndex withoutHashed, IReadOnlyList<FieldPath> hashed, IReadOnlyCollection<int> unknown) : ITermIndex
{
    private const int Buckets = 3;

    public int Rows => exact.Rows;

    /// <summary>An entry without the identifiers at some paths: what the words of an index are made of that keeps strings there as hashes.</summary>
    public static byte[] Without(byte[] entry, IReadOnlyList<FieldPath> hashed)
    {
        JsonNode json = JsonNode.Parse(entry)!;
        foreach (FieldPath path in hashed)
        {
            Remove(json, path.Segments);
        }

        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    public void AddExisting(FieldPath path, RowSet into) => exact.AddExisting(path, into);

    public void AddSealed(FieldPath? path, RowSet into) => exact.AddSealed(path, into);

    public void AddEqual(FieldPath path, TermKind kind, ReadOnlySpan<byte> term, RowSet into, RowSet? within)
    {
        if (!IsHidden(path, kind))
        {
            RowSet found = RowSet.Rent();
            exact.AddEqual(path, kind, term, found);
            AddKnown(found, into);
        }
    }

    public int CountEqual(FieldPath path, TermKind kind, ReadOnlySpan<byte> term)
    {
        RowSet found = RowSet.Rent();
        AddEqual(path, kind, term, found, null);
        return found.Count;
    }

    public void VisitTerms(FieldPath path, TermKind kind, ReadOnlySpan<byte> from, TermVisitor visit)
    {
        if (!IsHidden(path, kind))
        {
            exact.VisitTerms(path, kind, from, Known(visit));
        }
    }

    public int CountTerms(FieldPath path, TermKind kind)
    {
        int count = 0;
        VisitTerms(path, kind, default, (ReadOnlySpan<byte> _, in Postings _) => ++count > 0);
        return count;
    }

    public bool IsHashed(FieldPath path) => hashed.Contains(path) || exact.IsHashed(path);

    public void AddHashed(FieldPath path, ReadOnlySpan<byte> value, RowSet into)
    {
        Assert.True(IsHashed(path));
        exact.AddHashed(path, value, into);
        int bucket = BucketOf(value);
        exact.VisitTerms(path, TermKind.String, default, (ReadOnlySpan<byte> term, in Postings rows) =>
        {
            if (BucketOf(term) == bucket)
            {
                rows.AddTo(into);
            }

            return true;
        });
    }

    public void AddHashedRows(FieldPath path, RowSet into)
    {
        Assert.True(IsHashed(path));
        exact.AddHashedRows(path, into);
        exact.VisitTerms(path, TermKind.String, default, (ReadOnlySpan<byte> _, in Postings rows) =>
        {
            rows.AddTo(into);
            return true;
        });
    }

    public IHashedStrings? Hashes(FieldPath path)
    {
        if (!hashed.Contains(path))
        {
            return null;
        }

        var values = new List<(uint Hash, ushort Row)>();
        exact.VisitTerms(path, TermKind.String, default, (ReadOnlySpan<byte> term, in Postings rows) =>
        {
            foreach (int row in rows)
            {
                values.Add((HashGroups.Masked(HashedValues.HashOfValue(term), VagueHashes.KeptBits), (ushort)row));
            }

            return true;
        });
        return new VagueHashes(values);
    }

    public void AddWord(ReadOnlySpan<byte> word, RowSet into, RowSet? within)
    {
        RowSet found = RowSet.Rent();
        withoutHashed.AddWord(word, found);
        AddKnown(found, into);
    }

    public int CountWord(ReadOnlySpan<byte> word)
    {
        RowSet found = RowSet.Rent();
        AddWord(word, found, null);
        return found.Count;
    }

    public void VisitWords(ReadOnlySpan<byte> prefix, TermVisitor visit) => withoutHashed.VisitWords(prefix, Known(visit));

    public void AddIdentifiers(Phrase phrase, RowSet into)
    {
        foreach (FieldPath path in hashed)
        {
            bool mayStand = false;
            exact.VisitTerms(path, TermKind.String, default, (ReadOnlySpan<byte> term, in Postings _) =>
                !(mayStand = mayStand || (IsIdentifier(Encoding.UTF8.GetString(term)) && phrase.Matches(term))));
            if (mayStand)
            {
                AddHashedRows(path, into);
            }
        }
    }

    public void AddUnindexed(FieldPath? path, RowSet into)
    {
        exact.AddUnindexed(path, into);
        foreach (int row in unknown)
        {
            into.Add(row);
        }
    }

    public ITimeColumn? Times(FieldPath path) => exact.Times(path);

    private static bool IsIdentifier(string text) => !text.Contains(' ', StringComparison.Ordinal);

    private static int BucketOf(ReadOnlySpan<byte> value) => value.Length % Buckets;

    private static void Remove(JsonNode? node, ReadOnlySpan<string> path)
    {
        if (node is JsonArray list)
        {
            for (int i = 0; i < list.Count; i++)
            {
                if (path.IsEmpty && list[i] is JsonValue value && value.TryGetValue(out string? text) && IsIdentifier(text))
                {
                    list[i] = null;
                }
                else
                {
                    Remove(list[i], path);
                }
            }
        }
        else if (node is JsonObject members && !path.IsEmpty && members.TryGetPropertyValue(path[0], out JsonNode? child))
        {
            if (path.Length == 1 && child is JsonValue value && value.TryGetValue(out string? text) && IsIdentifier(text))
            {
                members[path[0]] = null;
            }
            else
            {
                Remove(child, path[1..]);
            }
        }
    }

    private bool IsHidden(FieldPath path, TermKind kind) => kind == TermKind.String && IsHashed(path);

    private void AddKnown(RowSet found, RowSet into)
    {
        for (int row = found.FirstFrom(0); row >= 0; row = found.FirstFrom(row + 1))
        {
            if (!unknown.Contains(row))
            {
                into.Add(row);
            }
        }

        found.Return();
    }

    private TermVisitor Known(TermVisitor visit) => (ReadOnlySpan<byte> term, in Postings rows) =>
    {
        var known = new List<ushort>();
        foreach (int row in rows)
        {
            if (!unknown.Contains(row))
            {
                known.Add((ushort)row);
            }
        }

        return known.Count == 0 || visit(term, Postings.Of(known.ToArray()));
    };
}

/// <summary>Hashes of so few bits that many values share one.</summary>
internal sealed class VagueHashes(IReadOnlyList<(uint Hash, ushort Row)> values) : IHashedStrings
{
    public const int KeptBits = 2;

    public int Count => values.Count;

    public int Bits => KeptBits;

    public void AddHashes(int part, RowSet? within, List<uint> into) =>
        into.AddRange(values.Where(value => value.Hash >> (32 - IHashedStrings.PartBits) == part && within?.Contains(value.Row) != false).Distinct().Select(value => value.Hash));

    public void AddRows(uint hash, int bits, RowSet into)
    {
        foreach ((_, ushort row) in values.Where(value => HashGroups.Masked(value.Hash, bits) == hash))
        {
            into.Add(row);
        }
    }
}
