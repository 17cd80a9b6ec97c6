namespace Indelible.Search;

/// <summary>One whole value, or what else its text stands for.</summary>
internal sealed class EqualsClause(FieldPath path, Literal literal) : IndexClause(path)
{
    // A typed literal may be a string and something else in the same entry, and is then counted from its rows.
    private readonly byte[] _text = literal.Utf8.ToArray();
    private readonly byte[]? _number = literal.NumberTerm;
    private readonly bool _isWord = literal.MatchesWord(literal.Utf8) && literal.Text is "true" or "false" or "null";
    private readonly AddressRange? _addresses = literal.Addresses;
    private readonly bool _isAddress = literal.Addresses is not null && !literal.IsNetwork;
    private readonly byte[] _firstAddress = literal.Addresses?.FirstTerm() ?? [];

    protected override bool EndsByTerms => true;

    public override void Find(in IndexQuestion question)
    {
        ITermIndex index = question.Index;
        if (_isAddress)
        {
            // The text of one address is found as the address that it is, whether its string is a term or a hash.
            index.AddEqual(Path!, TermKind.Address, _firstAddress, question.Sure, question.Within);
            return;
        }

        index.AddEqual(Path!, TermKind.String, _text, question.Sure, question.Within);
        if (_number is not null)
        {
            index.AddEqual(Path!, TermKind.Number, _number, question.Sure, question.Within);
        }

        if (_isWord)
        {
            index.AddEqual(Path!, TermKind.Word, _text, question.Sure, question.Within);
        }

        if (_addresses is not null)
        {
            FindAddresses(question);
        }

        if (index.IsHashed(Path!))
        {
            index.AddHashed(Path!, _text, question.Open);
        }
    }

    public override int Estimate(ITermIndex index, int rows)
    {
        if (_isAddress)
        {
            return index.CountEqual(Path!, TermKind.Address, _firstAddress);
        }

        if (_addresses is { } addresses && addresses.Low != addresses.High)
        {
            return rows / 8;
        }

        int count = index.CountEqual(Path!, TermKind.String, _text);
        if (_number is not null)
        {
            count += index.CountEqual(Path!, TermKind.Number, _number);
        }

        return count + (_isWord ? index.CountEqual(Path!, TermKind.Word, _text) : 0);
    }

    public override bool TryCount(ITermIndex index, out int count)
    {
        count = 0;
        if (_isAddress)
        {
            count = index.CountEqual(Path!, TermKind.Address, _firstAddress);
            return true;
        }

        if (_number is not null || _isWord || _addresses is not null || index.IsHashed(Path!))
        {
            return false;
        }

        count = index.CountEqual(Path!, TermKind.String, _text);
        return true;
    }

    protected override bool Accepts(ReadOnlySpan<byte> term, ref bool goOn)
    {
        AddressRange addresses = _addresses!.Value;
        goOn = !addresses.IsBefore(term);
        return addresses.Contains(term);
    }

    private void FindAddresses(in IndexQuestion question)
    {
        if (_addresses!.Value.Low == _addresses.Value.High)
        {
            question.Index.AddEqual(Path!, TermKind.Address, _firstAddress, question.Sure, question.Within);
        }
        else if (!Visit(question, TermKind.Address, _firstAddress))
        {
            question.Index.AddExisting(Path!, question.Open);
        }
    }
}
