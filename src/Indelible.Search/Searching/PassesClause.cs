using System.Text;
using System.Text.Json;

namespace Indelible.Search;

/// <summary>A value at a path that passes a test of the asker's: all terms there are gone through.</summary>
/// <remarks>Strings that are kept as hashes are found by their folded words, where the test says which texts they are: what is equal without regard to case hashes alike. Else they stay open.</remarks>
internal sealed class PassesClause(FieldPath path, IValueTest test) : IndexClause(path)
{
    /// <summary>Of more texts than this, each row that has a hash is open.</summary>
    private const int MaxHashed = 256;

    private readonly byte[][]? _texts = test.Texts is { Count: <= MaxHashed } texts ? [.. texts.Select(Encoding.UTF8.GetBytes)] : null;
    private JsonTokenType _type;

    // Folding and one look into a table; and a test is anybody's, an expression among them.
    protected override int PassesPerTerm => 2;

    public override void Find(in IndexQuestion question)
    {
        ITermIndex index = question.Index;
        AddHashes(question);
        int strings = index.CountTerms(Path!, TermKind.String);
        bool isDecided = !IsFew(question.Within, strings)
            && VisitAll(question, TermKind.String, JsonTokenType.String)
            && VisitAll(question, TermKind.Number, JsonTokenType.Number)
            && VisitAll(question, TermKind.Word, JsonTokenType.True);
        if (!isDecided)
        {
            index.AddExisting(Path!, question.Open);
        }
    }

    public override int Estimate(ITermIndex index, int rows)
    {
        if (FieldCatalogue.IsNoText(Path!))
        {
            // Nothing is decided there: after everything else.
            return rows * 2;
        }

        int terms = index.CountTerms(Path!, TermKind.String);
        return _texts is { Length: <= 8 } few ? few.Sum(text => index.CountEqual(Path!, TermKind.String, text)) + (terms / 16) : (rows / 4) + terms;
    }

    protected override bool Accepts(ReadOnlySpan<byte> term, ref bool goOn)
    {
        JsonTokenType type = _type == JsonTokenType.True && term[0] != 't' ? term[0] == 'n' ? JsonTokenType.Null : JsonTokenType.False : _type;
        return type != JsonTokenType.Null && test.Passes(term, type);
    }

    private bool VisitAll(in IndexQuestion question, TermKind kind, JsonTokenType type)
    {
        _type = type;
        return Visit(question, kind, default);
    }

    private void AddHashes(in IndexQuestion question)
    {
        if (!question.Index.IsHashed(Path!))
        {
            return;
        }

        if (_texts is null || FieldCatalogue.IsNoText(Path!))
        {
            question.Index.AddHashedRows(Path!, question.Open);
            return;
        }

        foreach (byte[] text in _texts)
        {
            question.Index.AddHashed(Path!, text, question.Open);
        }
    }
}
