using Indelible.Engine.Configuration;
using Indelible.Events;

namespace Indelible.Engine.Sources;

/// <summary>What a log knows of its producers: a fold of its entries.</summary>
/// <remarks>
/// <para>
/// A pure function of the entries in their order, whatever the groups that they came in: a start that folds them again, or takes an
/// earlier state from a file and goes on from there, arrives at the same. Attested time counts, never the clock. What a producer
/// says is compared with what it says elsewhere, and refused by nobody; the one thing that the sequencer asks is <see cref="OwnerOf"/>.
/// </para>
/// <para>
/// Bounded: <see cref="EngineLimits.Sources"/> and its neighbours. What is forgotten is counted, and a principal who invents sources
/// pushes out his own first.
/// </para>
/// <para>The sequencer's loop (or a recovery) alone writes; it may read without the lock, all others read under it.</para>
/// </remarks>
internal sealed class LogSources
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SourceKey, Source> _sources = [];
    private readonly Dictionary<string, List<Source>> _byPrincipal = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ProducerStream> _streams = new(StringComparer.Ordinal);
    private readonly HashSet<ProducerStream> _gapped = [];   // those with gaps that are kept one by one
    private Source? _lastSource;
    private ProducerStream? _lastStream;

    /// <summary>How many entries were folded.</summary>
    public long Size { get; private set; }

    /// <summary>When the last of them was received, in ticks; 0 before the first.</summary>
    public long LastReceivedTicks { get; private set; }

    /// <summary>Whether streams may have begun in a finished log that this one goes on for: what came before cannot be missed here.</summary>
    public bool BeginsElsewhere { get; set; }

    /// <summary>Gaps of all streams, the forgotten ones included.</summary>
    public GapTotals Totals { get; } = new();

    /// <summary>Sources and streams that were forgotten for others, and what they lacked.</summary>
    public ForgottenSources Forgotten { get; private set; } = new(0, 0, 0, 0, 0);

    /// <summary>How many events were refused, as the entries of <c>_access</c> tell; null in every other log.</summary>
    public RefusedTotals? Refused { get; init; }

    /// <summary>Entries that could not be read when they were folded: the view lacks them.</summary>
    public long Unread { get; private set; }

    /// <summary>The size at which the state was last kept in a file.</summary>
    public long KeptSize { get; set; }

    /// <summary>The principal that a stream belongs to, or null where the log does not know the stream. For the loop that writes.</summary>
    public string? OwnerOf(string streamId) =>
        _lastStream is { } last && last.Id == streamId
            ? last.Source.Key.Principal
            : _streams.TryGetValue(streamId, out ProducerStream? stream) ? stream.Source.Key.Principal : null;

    /// <summary>Takes the lock for a group of entries.</summary>
    public Lock.Scope Enter() => _lock.EnterScope();

    /// <summary>Folds the next entry.</summary>
    /// <param name="receivedTicks">When it was received.</param>
    /// <param name="principal">Who delivered it.</param>
    /// <param name="facts">What it says of its producer.</param>
    /// <param name="entry">Its bytes.</param>
    public void Apply(long receivedTicks, string principal, ProducerFacts facts, ReadOnlySpan<byte> entry)
    {
        using Lock.Scope scope = _lock.EnterScope();
        var place = new EventPlace(Size, receivedTicks, facts.TimeTicks);
        Size++;
        LastReceivedTicks = receivedTicks;
        Source source = SourceOf(new SourceKey(principal, facts.Service, facts.Instance));
        source.Note(place, facts.ObservedTicks);
        if (facts.StreamId.Length > 0)
        {
            ApplyToStream(source, place, facts);
        }

        if (Refused is not null && principal == SystemActions.Principal)
        {
            Refused.Apply(entry);
        }
    }

    /// <summary>Folds the next entry, as it is stored.</summary>
    public void Apply(ReadOnlySpan<byte> entry)
    {
        if (ProducerFacts.OfEntry(entry, out string principal, out long receivedTicks) is { } facts)
        {
            Apply(receivedTicks, principal, facts, entry);
            return;
        }

        // No log of ours holds such a thing; the verifier says so, and here it counts as an entry of nobody.
        using Lock.Scope scope = _lock.EnterScope();
        Size++;
    }

    /// <summary>Passes over entries that cannot be read.</summary>
    /// <param name="size">The size to go on at.</param>
    public void Skip(long size)
    {
        using Lock.Scope scope = _lock.EnterScope();
        Unread += size - Size;
        Size = size;
    }

    private void ApplyToStream(Source source, in EventPlace place, ProducerFacts facts)
    {
        bool isNew = false;
        if (_lastStream is not { } stream || stream.Id != facts.StreamId)
        {
            isNew = !_streams.TryGetValue(facts.StreamId, out stream!);
            stream = isNew ? AddStream(facts.StreamId, source, place) : stream;
            _lastStream = stream;
        }

        if (stream.Source.Key.Principal != source.Key.Principal)
        {
            stream.Foreign++;
            return;
        }

        if (isNew && BeginsElsewhere && facts.Sequence > 1)
        {
            stream.Floor = stream.Highest = facts.Sequence - 1;
        }

        if (!isNew)
        {
            NoteOverlap(stream, place, facts.Sequence);
        }

        stream.First = stream.Events == 0 ? place : stream.First;
        stream.Last = place;
        stream.Events++;
        if (facts.Sequence > 0)
        {
            stream.Take(facts.Sequence, place);
        }

        if (facts.Highest > 0)
        {
            stream.State(facts.Highest, GapSign.Stated, place);
        }

        if (facts.IsEnd)
        {
            stream.End(facts.Sequence > 0 ? facts.Sequence : stream.Highest);
        }

        if (facts.PreviousStream.Length > 0)
        {
            NotePrevious(stream, place, facts);
        }

        Track(stream);
    }

    /// <summary>An event of a stream that should be over, because its instance has begun another.</summary>
    private static void NoteOverlap(ProducerStream stream, in EventPlace place, long number)
    {
        Source of = stream.Source;
        bool isLate = stream.IsFollowed && number > 0 && number <= stream.StatedLast;
        if (of.Key.Instance.Length > 0 && stream != of.Current && !stream.IsEnded && !isLate)
        {
            of.Overlaps++;
            of.LastOverlap = place;
        }
    }

    private void NotePrevious(ProducerStream stream, in EventPlace place, ProducerFacts facts)
    {
        if (stream.PreviousId.Length > 0 || facts.PreviousStream == stream.Id)
        {
            stream.Contradictions += stream.PreviousId == facts.PreviousStream && stream.PreviousSequence == facts.PreviousSequence ? 0 : 1;
            return;
        }

        stream.PreviousId = facts.PreviousStream;
        stream.PreviousSequence = facts.PreviousSequence;
        if (!_streams.TryGetValue(facts.PreviousStream, out ProducerStream? previous))
        {
            bool canTell = !BeginsElsewhere && Forgotten.Streams == 0 && stream.Source.EarlierStreams == 0;
            stream.Previous = canTell && facts.PreviousSequence > 0 ? PreviousStream.Unseen : PreviousStream.Forgotten;
            if (stream.Previous == PreviousStream.Forgotten)
            {
                return;
            }

            previous = AddStream(facts.PreviousStream, stream.Source, place, before: stream);
        }
        else if (previous.Source.Key.Principal != stream.Source.Key.Principal)
        {
            stream.Previous = PreviousStream.Foreign;
            stream.Contradictions++;
            return;
        }
        else
        {
            stream.Previous = PreviousStream.Known;
        }

        stream.Contradictions += facts.PreviousSequence < previous.Highest ? 1 : 0;
        previous.IsFollowed = true;
        previous.StatedLast = Math.Max(previous.StatedLast, facts.PreviousSequence);
        previous.State(facts.PreviousSequence, GapSign.Successor, place);
        Track(previous);
    }

    private Source SourceOf(in SourceKey key)
    {
        if (_lastSource is { } last && last.Key == key)
        {
            return last;
        }

        if (!_sources.TryGetValue(key, out Source? source))
        {
            source = new Source(key);
            Insert(source);
            MakeRoom(source);
        }

        return _lastSource = source;
    }

    /// <summary>Every source: principals by name, a principal's in the order in which they were first seen.</summary>
    internal IEnumerable<Source> InOrder() => _byPrincipal.OrderBy(pair => pair.Key, StringComparer.Ordinal).SelectMany(pair => pair.Value);

    /// <summary>Takes a state that was kept; sources follow by <see cref="Insert"/>.</summary>
    internal void Begin(long size, long lastReceivedTicks, ForgottenSources forgotten)
    {
        Size = KeptSize = size;
        LastReceivedTicks = lastReceivedTicks;
        Forgotten = forgotten;
    }

    /// <summary>The state as bytes, to be kept.</summary>
    public SavedSources Save()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        using Lock.Scope scope = _lock.EnterScope();
        SourcesState.Write(writer, this);
        writer.Flush();
        return new SavedSources(Size, bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
    }

    /// <summary>Takes a source in, with the streams that it has.</summary>
    internal void Insert(Source source)
    {
        foreach (ProducerStream stream in source.Streams)
        {
            _streams.Add(stream.Id, stream);
            Track(stream);
        }

        _sources.Add(source.Key, source);
        if (!_byPrincipal.TryGetValue(source.Key.Principal, out List<Source>? siblings))
        {
            _byPrincipal.Add(source.Key.Principal, siblings = []);
        }

        siblings.Add(source);
    }

    /// <summary>Forgets a source for a new one, where there are too many.</summary>
    private void MakeRoom(Source added)
    {
        List<Source> siblings = _byPrincipal[added.Key.Principal];
        if (siblings.Count > EngineLimits.SourcesPerPrincipal)
        {
            Forget(siblings, added);
        }
        else if (_sources.Count > EngineLimits.Sources)
        {
            Forget(_byPrincipal[MostOthers(added)], added);
        }
    }

    /// <summary>The principal that has most sources besides the one added; of several, the first by name.</summary>
    private string MostOthers(Source added)
    {
        string most = "";
        int count = 0;
        foreach ((string principal, List<Source> sources) in _byPrincipal)
        {
            int others = sources.Count - (principal == added.Key.Principal ? 1 : 0);
            if (others > count || (others == count && others > 0 && string.CompareOrdinal(principal, most) < 0))
            {
                (most, count) = (principal, others);
            }
        }

        return most;
    }

    private void Forget(List<Source> siblings, Source added)
    {
        Source longestSilent = siblings.Where(source => source != added).MinBy(source => source.Last.Index)!;
        siblings.Remove(longestSilent);
        _sources.Remove(longestSilent.Key);
        if (siblings.Count == 0)
        {
            _byPrincipal.Remove(longestSilent.Key.Principal);
        }

        foreach (ProducerStream stream in longestSilent.Streams)
        {
            Drop(stream);
        }

        Forgotten = new ForgottenSources(
            Forgotten.Sources + 1,
            Forgotten.Streams + longestSilent.EarlierStreams + longestSilent.Streams.Count,
            Forgotten.Events + longestSilent.Events,
            Forgotten.Gaps + longestSilent.EarlierGaps + longestSilent.Streams.Sum(stream => stream.OpenCount),
            Forgotten.Missing + longestSilent.EarlierMissing + longestSilent.Streams.Sum(stream => stream.Missing));
    }

    private ProducerStream AddStream(string id, Source source, in EventPlace place, ProducerStream? before = null)
    {
        var stream = new ProducerStream(id, source, Totals) { First = place, Last = place };
        source.Streams.Insert(before is null ? source.Streams.Count : source.Streams.IndexOf(before), stream);
        _streams.Add(id, stream);
        if (source.Streams.Count > EngineLimits.StreamsPerSource)
        {
            ProducerStream oldest = source.Streams.Where(other => other != stream && other != before).MinBy(other => other.Last.Index)!;
            source.EarlierUnclean += source.IsUnclean(oldest) ? 1 : 0;
            source.EarlierStreams++;
            source.EarlierGaps += oldest.OpenCount;
            source.EarlierMissing += oldest.Missing;
            source.Streams.Remove(oldest);
            Drop(oldest);
        }

        return stream;
    }

    private void Drop(ProducerStream stream)
    {
        _streams.Remove(stream.Id);
        _gapped.Remove(stream);
        if (_lastStream == stream)
        {
            _lastStream = null;
        }
    }

    private void Track(ProducerStream stream)
    {
        if (stream.Open.Count > 0)
        {
            _gapped.Add(stream);
        }
        else if (_gapped.Count > 0)
        {
            _gapped.Remove(stream);
        }
    }

    /// <summary>A page of what is known, sources in the order of their keys.</summary>
    /// <param name="after">The key that the page begins behind; null for the first.</param>
    /// <param name="limit">How many at most.</param>
    public SourcesPage Read(SourceKey? after, int limit)
    {
        Source[] all;
        using (_lock.EnterScope())
        {
            all = [.. _sources.Values];
        }

        Source[] page = [.. all.Where(source => after is not { } key || SourceKey.Order.Compare(source.Key, key) > 0).OrderBy(source => source.Key, SourceKey.Order).Take(limit + 1)];
        using (_lock.EnterScope())
        {
            return new SourcesPage(
                Size,
                LastReceivedTicks == 0 ? null : SourceViews.TimeOf(LastReceivedTicks),
                _sources.Count,
                Totals.Gaps,
                SourceViews.Number(Totals.Missing),
                Forgotten,
                Unread,
                [.. page.Take(limit).Select(source => SourceViews.Of(source, LastReceivedTicks))],
                page.Length > limit ? page[limit - 1].Key : null);
        }
    }

    /// <summary>The refused events that entries tell of; none in other logs than <c>_access</c>.</summary>
    public IReadOnlyList<RefusedEvents> ReadRefused()
    {
        using Lock.Scope scope = _lock.EnterScope();
        return [.. Refused?.All ?? []];
    }

    /// <summary>Open gaps, and numbers missing in them: of all streams that were ever seen.</summary>
    public (long Gaps, long Missing) ReadTotals()
    {
        using Lock.Scope scope = _lock.EnterScope();
        return (Totals.Gaps, SourceViews.Number(Totals.Missing));
    }

    /// <summary>The last event of the sources that fit, or null where there is none.</summary>
    /// <param name="principal">Whose; null for anybody's.</param>
    /// <param name="service">Of which service; null for any.</param>
    /// <param name="instance">Of which instance; null for any.</param>
    public EventPlace? LastOf(string? principal, string? service, string? instance)
    {
        using Lock.Scope scope = _lock.EnterScope();
        if (principal is not null && service is not null && instance is not null)
        {
            return _sources.TryGetValue(new SourceKey(principal, service, instance), out Source? one) ? one.Last : null;
        }

        EventPlace? last = null;
        IEnumerable<Source> among = principal is null ? _sources.Values : _byPrincipal.GetValueOrDefault(principal) ?? [];
        foreach (Source source in among)
        {
            if ((service is null || source.Key.Service == service) && (instance is null || source.Key.Instance == instance) && !(source.Last.Index < last?.Index))
            {
                last = source.Last;
            }
        }

        return last;
    }

    /// <summary>The open gaps that events of a time may be missing for, the latest first.</summary>
    /// <param name="from">From when, by the producers' clocks; null for ever.</param>
    /// <param name="to">Until when; null for ever.</param>
    /// <param name="size">Only gaps that the first so many entries show.</param>
    /// <param name="limit">How many to return at most.</param>
    /// <returns>The gaps, how many there are, and how many more are only counted, of which nobody knows the time.</returns>
    public GapsInRange GapsBetween(DateTimeOffset? from, DateTimeOffset? to, long size, int limit)
    {
        using Lock.Scope scope = _lock.EnterScope();
        var found = new List<(ProducerStream Stream, SequenceGap Gap)>();
        long apart = 0;
        foreach (ProducerStream stream in _gapped)
        {
            apart += stream.Open.Count;
            found.AddRange(stream.Open.Where(gap => gap.Before.Index < size && IsWithin(stream, gap, from, to)).Select(gap => (stream, gap)));
        }

        return new GapsInRange(
            [.. found.OrderByDescending(item => item.Gap.Before.Index).ThenByDescending(item => item.Gap.Last).Take(limit).Select(item => SourceViews.Of(item.Stream, item.Gap))],
            found.Count,
            Totals.Gaps - apart);
    }

    /// <summary>What is missing happened between the events around it; before the first of a stream, not before its source was there.</summary>
    private static bool IsWithin(ProducerStream stream, SequenceGap gap, DateTimeOffset? from, DateTimeOffset? to)
    {
        long one = (gap.After ?? stream.Source.First).TimeTicks;
        long other = gap.Before.TimeTicks;
        return !(Math.Max(one, other) < from?.UtcTicks) && !(Math.Min(one, other) > to?.UtcTicks);
    }
}
