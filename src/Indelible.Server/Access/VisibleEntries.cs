using System.Collections.Concurrent;
using System.Collections.Immutable;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Search;
using Indelible.Server.Indexing;
using Indelible.Server.Limits;

namespace Indelible.Server.Access;

/// <summary>The entries of a log as one caller may see them: rows that his grants select, personal values as they let him.</summary>
/// <remarks>
/// A row limit is asked of the entry as it is logged, so that nobody learns of a personal value by what he is shown, and an erasure changes nobody's rights.
/// Where several grants select an entry, the one that shows most counts.
/// </remarks>
internal sealed class VisibleEntries : IIndexedSource
{
    // As many as there are different limits in the configuration; emptied where it outgrew them.
    private const int MaxCompiled = 10_000;
    private static readonly ConcurrentDictionary<(string? Rows, string? Tenant), Query?> s_compiled = new();

    private readonly LogReader _log;
    private readonly NodeResources? _resources;
    private readonly LogIndexes? _indexes;
    private readonly (Query? Rows, PersonalView Personal)[] _sights;
    private ScanTurns? _turns;   // of the search under way

    /// <param name="log">The log.</param>
    /// <param name="sights">What the caller may see of it; nothing, where there are none.</param>
    /// <param name="resources">Searches take their turns there; null for who looks at single entries.</param>
    /// <param name="indexes">The node's indexes; null for none.</param>
    public VisibleEntries(LogReader log, ImmutableArray<Sight> sights, NodeResources? resources = null, LogIndexes? indexes = null)
    {
        _resources = resources;
        _indexes = indexes;
        _log = log;
        Size = log.Size;
        IsWhole = sights.Any(sight => sight.IsWhole);
        _sights = [.. sights.OrderByDescending(sight => sight.Personal).Select(sight => (Compile(sight), sight.Personal)).Where(sight => sight.Item1 is not null)];
    }

    /// <inheritdoc/>
    public long Size { get; }

    /// <inheritdoc/>
    public IReadOnlyList<ChunkIndex> Chunks => _indexes?.Of(_log) ?? [];

    /// <inheritdoc/>
    public IReadOnlyList<RowSight> Sights => field ??= [.. _sights.Select(sight => new RowSight(sight.Rows!, sight.Personal == PersonalView.Shown))];

    /// <summary>Whether no row limit keeps an entry from him.</summary>
    public bool IsWhole { get; }

    /// <summary>Whether personal values are in clear wherever he sees an entry.</summary>
    public bool IsClear => _sights.All(sight => sight.Personal == PersonalView.Shown);

    /// <summary>Whether personal values are in clear of some entry that he might see.</summary>
    public bool ShowsPersonal => _sights.Any(sight => sight.Personal == PersonalView.Shown);

    /// <summary>What he sees of the personal values of an entry; null where he does not see the entry.</summary>
    public PersonalView? PersonalOf(ReadOnlyMemory<byte> entry)
    {
        foreach ((Query? rows, PersonalView personal) in _sights)
        {
            if (rows!.Matches(entry.Span))
            {
                return personal;
            }
        }

        return null;
    }

    /// <summary>An entry as he sees it, if he does.</summary>
    /// <param name="entry">Its bytes.</param>
    /// <param name="view">What he sees; meaningless where the result is false.</param>
    public bool TrySee(ReadOnlyMemory<byte> entry, out ReadOnlyMemory<byte> view)
    {
        // Not a nullable result: null converts to no bytes at all without a word.
        PersonalView? personal = PersonalOf(entry);
        view = personal == PersonalView.Shown ? _log.Decrypt(entry) : entry;
        return personal is not null;
    }

    /// <summary>The node's indexes; null where nothing is searched.</summary>
    public LogIndexes? Indexes => _indexes;

    /// <summary>Runs one search or count over these entries, which takes turns with those of others wherever it is long. One at a time.</summary>
    /// <param name="search">Searches.</param>
    public Task<T> SearchAsync<T>(Func<IIndexedSource, Task<T>> search) => _resources is null
        ? search(this)
        : _resources.SearchAsync(_log.Settings.Name, turns =>
        {
            _turns = turns;
            return search(this);
        });

    /// <inheritdoc/>
    public void Report(ChunkIndex damaged) => _indexes?.Report(_log, damaged);

    /// <inheritdoc/>
    public ValueTask RestAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _turns?.NextAsync(cancellationToken) ?? ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask ReadAsync(long from, long to, EntryVisitor visit, CancellationToken cancellationToken)
    {
        await RestAsync(cancellationToken).ConfigureAwait(false);
        long index = from;
        foreach (ReadOnlyMemory<byte> entry in _log.ReadEntries(from, to))
        {
            if (TrySee(entry, out ReadOnlyMemory<byte> view))
            {
                visit(index, view.Span);
            }

            index++;
        }
    }

    /// <summary>The query of a row limit; null, and nothing is seen, where it cannot be read.</summary>
    private static Query? Compile(Sight sight)
    {
        if (sight.IsWhole)
        {
            return Query.All;
        }

        if (s_compiled.Count > MaxCompiled)
        {
            s_compiled.Clear();
        }

        return s_compiled.GetOrAdd((sight.Rows, sight.Tenant), static limit =>
        {
            // Canonical texts are absolute: they mean the same at any time.
            if (!Query.TryParse(limit.Rows ?? "", DateTimeOffset.UnixEpoch, out Query? rows, out _))
            {
                return null;
            }

            return limit.Tenant is null ? rows : Query.TryParse($"labels.tenant:\"{limit.Tenant}\"", DateTimeOffset.UnixEpoch, out Query? tenant, out _) ? tenant.And(rows) : null;
        });
    }
}
