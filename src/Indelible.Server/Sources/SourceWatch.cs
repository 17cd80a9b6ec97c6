using System.Globalization;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Sources;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Search;
using Indelible.Server.Access;
using Indelible.Server.Indexing;

namespace Indelible.Server.Sources;

/// <summary>Looks how it stands with producers, and enters in <c>_access</c> when it stands differently: silence, numbers that are missing, clocks that are ahead. Rules find these entries.</summary>
/// <remarks>
/// <para>
/// Each change is entered once. What was told of already is what the entries say: after a start the newest of them are read back. So a crash between two looks tells nothing twice, and forgets nothing but
/// what began and ended meanwhile.
/// </para>
/// <para>
/// Numbers that are missing at one look alone were late, and are not told of; of a producer that lacks more and more it is told again when it lacks twice as many. Of finished logs, and of those of the
/// server itself, nothing is said.
/// </para>
/// </remarks>
public sealed partial class SourceWatch : BackgroundService
{
    private static readonly SourceChange[] s_changes = Enum.GetValues<SourceChange>();

    private readonly LogEngine _engine;
    private readonly LogIndexes _indexes;
    private readonly ILogger<SourceWatch> _logger;
    private readonly SemaphoreSlim _looking = new(1, 1);
    private readonly Dictionary<Subject, long> _gapsBefore = [];   // under _looking: gaps at the last look
    private Dictionary<Subject, Told>? _told;                      // under _looking
    private int _left;                                             // under _looking

    /// <summary>Makes the watch; it looks while the server runs.</summary>
    public SourceWatch(LogEngine engine, LogIndexes indexes, ILogger<SourceWatch> logger)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(indexes);
        (_engine, _indexes, _logger) = (engine, indexes, logger);
    }

    private enum Aspect
    {
        Silence,
        Gaps,
        Clock,
    }

    /// <summary>Looks once.</summary>
    /// <returns>How many entries were made.</returns>
    /// <exception cref="NodeStoppedException">The node has stopped.</exception>
    /// <exception cref="StorageException">The disk does not take it; what was not entered is tried at the next look.</exception>
    /// <exception cref="NotWrittenException">There is no room on it; likewise.</exception>
    /// <exception cref="QueueFullException">Too much waits; likewise.</exception>
    public async Task<int> LookAsync()
    {
        await _looking.WaitAsync();
        try
        {
            _told ??= await ReadToldAsync();
            _left = ServerLimits.SourceNotesPerLook;
            var seen = new HashSet<Subject>();
            foreach (LogReader log in _engine.Logs.Where(log => log.Frozen is null && !log.Settings.Name.StartsWith('_')).OrderBy(log => log.Settings.Name, StringComparer.Ordinal))
            {
                foreach (ExpectedState expected in ExpectedSources.Of(_engine, log))
                {
                    await LookAtSilenceAsync(log.Settings.Name, expected, seen);
                }

                SourceKey? after = null;
                do
                {
                    SourcesPage page = log.ReadSources(after, ServerLimits.SourcesPageSize);
                    foreach (SourceView source in page.Sources)
                    {
                        await LookAtGapsAsync(log.Settings.Name, source, seen);
                        await LookAtClockAsync(log.Settings.Name, source, seen);
                    }

                    after = page.Next;
                }
                while (after is not null);
            }

            // Of whom nothing is known any more, or who is not expected: there is nothing to say when he comes back.
            foreach (Subject gone in _told.Keys.Concat(_gapsBefore.Keys).Where(subject => !seen.Contains(subject)).ToList())
            {
                _told.Remove(gone);
                _gapsBefore.Remove(gone);
            }

            return ServerLimits.SourceNotesPerLook - _left;
        }
        finally
        {
            _looking.Release();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _looking.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(ServerLimits.SourceLookInterval, _engine.Time);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await LookAsync();
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    // Whatever it is: what escapes here would end the server, and appending with it.
                    LogNotEntered(e);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task LookAtSilenceAsync(string log, ExpectedState state, HashSet<Subject> seen)
    {
        string name = state.Expected.Name;
        var subject = new Subject(Aspect.Silence, log, name, "", "");
        seen.Add(subject);
        Told? told = Find(subject);
        void Data(Utf8JsonWriter data)
        {
            data.WriteString("log", log);
            data.WriteNumber("interval_s", (long)state.Expected.Interval.TotalSeconds);
            data.WriteString("since", Instant.Format(state.SilentSince));
            if (state.Last is { } last)
            {
                data.WriteNumber("last", last.Index);
            }
        }

        if (state.IsSilent && told?.Since != state.SilentSince)
        {
            string message = string.Create(CultureInfo.InvariantCulture, $"{VisibleText.Excerpt(name)} is expected every {(long)state.Expected.Interval.TotalSeconds} s in {log}, and silent since {Instant.Format(state.SilentSince)}.");
            await EnterAsync(subject, new Told(1, state.SilentSince), new SourceNote(SourceChange.Silent, log, ("source", name), message, Data));
        }
        else if (!state.IsSilent && told is { } silent)
        {
            // Where it is expected anew nothing was heard of it: that is no change.
            if (state.Last?.ReceivedAt >= silent.Since)
            {
                await EnterAsync(subject, null, new SourceNote(SourceChange.Heard, log, ("source", name), $"{VisibleText.Excerpt(name)} is heard of again in {log}.", Data));
            }
            else
            {
                _told!.Remove(subject);
            }
        }
    }

    private async Task LookAtGapsAsync(string log, SourceView source, HashSet<Subject> seen)
    {
        var subject = new Subject(Aspect.Gaps, log, source.Key.Principal, source.Key.Service, source.Key.Instance);
        seen.Add(subject);
        long stayed = Math.Min(source.OpenGaps, _gapsBefore.GetValueOrDefault(subject));
        if (source.OpenGaps > 0)
        {
            _gapsBefore[subject] = source.OpenGaps;
        }
        else
        {
            _gapsBefore.Remove(subject);
        }

        long told = Find(subject)?.Count ?? 0;
        void Data(Utf8JsonWriter data)
        {
            Write(data, log, source.Key);
            data.WriteNumber("gaps", stayed);
            data.WriteNumber("missing", source.Missing);
        }

        if (stayed > 0 && stayed >= 2 * told)
        {
            string message = string.Create(CultureInfo.InvariantCulture, $"{source.Missing} numbers of {NameOf(source.Key)} are missing in {log}, in {stayed} gaps.");
            await EnterAsync(subject, new Told(stayed, default), new SourceNote(SourceChange.Gap, log, ("log", log), message, Data));
        }
        else if (source.OpenGaps == 0 && told > 0)
        {
            await EnterAsync(subject, null, new SourceNote(SourceChange.Complete, log, ("log", log), $"No number of {NameOf(source.Key)} is missing in {log} any more.", Data));
        }
    }

    private async Task LookAtClockAsync(string log, SourceView source, HashSet<Subject> seen)
    {
        var subject = new Subject(Aspect.Clock, log, source.Key.Principal, source.Key.Service, source.Key.Instance);
        seen.Add(subject);
        bool isTold = Find(subject) is not null;
        void Data(Utf8JsonWriter data)
        {
            Write(data, log, source.Key);
            data.WriteNumber("ahead_ms", -source.LastDelayMs);
            data.WriteNumber("events", source.AheadEvents);
        }

        if (!isTold && source.LastDelayMs < -ServerLimits.SourceClockAheadMilliseconds)
        {
            string message = string.Create(CultureInfo.InvariantCulture, $"The clock of {NameOf(source.Key)} in {log} is {-source.LastDelayMs} ms ahead.");
            await EnterAsync(subject, new Told(1, default), new SourceNote(SourceChange.ClockAhead, log, ("log", log), message, Data));
        }
        else if (isTold && source.LeastDelayMs >= -ServerLimits.SourceClockAheadMilliseconds)
        {
            await EnterAsync(subject, null, new SourceNote(SourceChange.ClockRight, log, ("log", log), $"The clock of {NameOf(source.Key)} in {log} is right again.", Data));
        }
    }

    private static string NameOf(SourceKey key) => key.Instance.Length == 0 ? VisibleText.Excerpt(key.Service) : $"{VisibleText.Excerpt(key.Service)}/{VisibleText.Excerpt(key.Instance)}";

    private static void Write(Utf8JsonWriter data, string log, SourceKey key)
    {
        data.WriteString("log", log);
        data.WriteString("principal", key.Principal);
        data.WriteString("service", key.Service);
        data.WriteString("instance", key.Instance);
    }

    private Told? Find(Subject subject) => _told!.TryGetValue(subject, out Told told) ? told : null;

    /// <summary>Enters a change; what is told of from then on. Beyond the bound nothing changes, and the next look finds the same.</summary>
    private async Task EnterAsync(Subject subject, Told? told, SourceNote note)
    {
        if (_left == 0)
        {
            return;
        }

        await _engine.NoteSourceAsync(note);
        _left--;
        if (told is { } now)
        {
            _told![subject] = now;
        }
        else
        {
            _told!.Remove(subject);
        }
    }

    /// <summary>What was told of before this start: of each subject what its newest entry says. What was altered says nothing, and may be told of again.</summary>
    private async Task<Dictionary<Subject, Told>> ReadToldAsync()
    {
        var told = new Dictionary<Subject, Told>();
        if (_engine.FindCurrent(LogName.Access) is not { } access || !Query.TryParse($"action:({string.Join(" OR ", s_changes.Select(SourceNote.ActionOf))})", DateTimeOffset.UnixEpoch, out Query? query, out _))
        {
            return told;
        }

        var newest = new HashSet<Subject>();
        var search = new IndexedSearch(new ScanLimits { MaxScanned = ServerLimits.PageSize });
        var entries = new UnalteredEntries(new VisibleEntries(access, [new Sight(null, null, PersonalView.Hidden)], null, _indexes));
        string? cursor = null;
        int read = 0;
        do
        {
            SearchPage page = await search.SearchAsync(entries, new SearchRequest(query, null, SearchOrder.NewestFirst, ServerLimits.PageSize, cursor, null), CancellationToken.None);
            foreach (SearchHit hit in page.Items)
            {
                Take(hit.View.Span, newest, told);
            }

            read += page.Items.Count;
            cursor = page.Next;
        }
        while (cursor is not null && read < ServerLimits.SourceNotesRead);
        if (entries.Altered is { } altered)
        {
            LogAltered(altered, access.Settings.Name);
        }

        return told;
    }

    private static void Take(ReadOnlySpan<byte> entry, HashSet<Subject> newest, Dictionary<Subject, Told> told)
    {
        JsonElement root = JsonElement.Parse(entry);
        SourceChange change = Array.Find(s_changes, one => root.GetProperty("action").ValueEquals(SourceNote.ActionOf(one)));
        JsonElement data = root.GetProperty("data");
        string log = data.GetProperty("log").GetString()!;
        Subject subject = change is SourceChange.Silent or SourceChange.Heard
            ? new Subject(Aspect.Silence, log, root.GetProperty("targets")[0].GetProperty("id").GetString()!, "", "")
            : new Subject(
                change is SourceChange.Gap or SourceChange.Complete ? Aspect.Gaps : Aspect.Clock,
                log,
                data.GetProperty("principal").GetString()!,
                data.GetProperty("service").GetString()!,
                data.GetProperty("instance").GetString()!);
        if (newest.Add(subject) && SourceNote.IsBad(change))
        {
            told[subject] = new Told(change == SourceChange.Gap ? data.GetProperty("gaps").GetInt64() : 1, change == SourceChange.Silent ? data.GetProperty("since").GetDateTimeOffset() : default);
        }
    }

    [LoggerMessage(2202, LogLevel.Warning, "It could not be entered in _access how it stands with producers; tried again")]
    private partial void LogNotEntered(Exception why);

    [LoggerMessage(2203, LogLevel.Warning, "Entries of log {Log} were altered: what they said of producers is told of again where it still holds")]
    private partial void LogAltered(StorageException first, string log);

    /// <summary>What is told of: an expected source by its name, or a producer by its key.</summary>
    private readonly record struct Subject(Aspect Aspect, string Log, string Name, string Service, string Instance);

    /// <summary>What was told of it: how many gaps, or since when it is silent.</summary>
    private readonly record struct Told(long Count, DateTimeOffset Since);
}
