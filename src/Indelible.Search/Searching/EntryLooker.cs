namespace Indelible.Search;

/// <summary>Shows single entries of a source; what lies close together is asked for at once. Not thread-safe.</summary>
internal sealed class EntryLooker
{
    /// <summary>Entries of one bundle lie together where the source reads them: 256.</summary>
    public const int BundleEntries = 256;

    /// <summary>So many entries between two wanted ones are shown as well, rather than asking twice.</summary>
    private const int MaxBetween = 3;

    private readonly IEntrySource _source;
    private readonly EntryVisitor _onEntry;
    private EntryVisitor? _visit;
    private int _at;

    public EntryLooker(IEntrySource source)
    {
        _source = source;
        _onEntry = OnEntry;
    }

    /// <summary>What is wanted: ascending, all in one bundle.</summary>
    public List<long> Wanted { get; } = [];

    /// <summary>Shows what is wanted, in ascending order; entries without a body and those that the asker does not see are passed over.</summary>
    public async ValueTask LookAsync(EntryVisitor visit, CancellationToken cancellationToken)
    {
        (_visit, _at) = (visit, 0);
        for (int i = 0; i < Wanted.Count;)
        {
            long from = Wanted[i];
            long last = from;
            for (i++; i < Wanted.Count && Wanted[i] - last <= MaxBetween + 1; i++)
            {
                last = Wanted[i];
            }

            await _source.ReadAsync(from, last + 1, _onEntry, cancellationToken).ConfigureAwait(false);
        }
    }

    private void OnEntry(long index, ReadOnlySpan<byte> view)
    {
        while (_at < Wanted.Count && Wanted[_at] < index)
        {
            _at++;
        }

        if (_at < Wanted.Count && Wanted[_at] == index)
        {
            _visit!(index, view);
        }
    }
}
