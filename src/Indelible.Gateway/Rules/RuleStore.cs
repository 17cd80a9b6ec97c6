namespace Indelible.Gateway.Rules;

/// <summary>The rules that hold now. Replaced as a whole, between requests.</summary>
internal sealed class RuleStore(RuleBook book)
{
    private RuleBook _book = book;

    /// <summary>The rules.</summary>
    public RuleBook Current
    {
        get => Volatile.Read(ref _book);
        set => Volatile.Write(ref _book, value);
    }
}
