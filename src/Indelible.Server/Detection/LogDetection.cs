using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Indelible.Detection;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Server.Indexing;

namespace Indelible.Server.Detection;

/// <summary>How far rules have been asked of one log. The detecting thread's, save where it says otherwise.</summary>
internal sealed class LogDetection
{
    private const int BundleEntries = 256;   // read, and damaged, together

    private readonly LogReader _log;
    private readonly RuleMatcher _matcher;
    private readonly TimeSpan _horizon;
    private readonly bool _asksHistory;
    private readonly long _mostReplayed;
    private readonly LogHistory _history;
    private readonly TimeProvider _clock;
    private readonly DetectionCache? _cache;
    private readonly CompiledRules _rules;
    private volatile Correlator _correlator;
    private bool _isTaking;    // an entry that was not taken wholly: what is remembered counts it, or does not
    private long _keptAt;
    private long _keptBytes;
    private DateTimeOffset? _waitsSince;
    private bool _isBegun;
    private long _raisesFrom;
    private long _next;        // read by others
    private int _isQueued;

    /// <param name="log">The log.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="matcher">Asks them; of the detecting thread.</param>
    /// <param name="indexes">What was before is looked for there.</param>
    /// <param name="clock">How long it waits for them.</param>
    /// <param name="mostReplayed">Entries that are gone over again at the beginning, at most.</param>
    /// <param name="cache">Keeps what is remembered; null for nobody.</param>
    public LogDetection(LogReader log, CompiledRules rules, RuleMatcher matcher, LogIndexes indexes, TimeProvider clock, long mostReplayed = ServerLimits.DetectionReplayed, DetectionCache? cache = null)
    {
        (_log, _rules, _matcher, _asksHistory, _clock, _mostReplayed, _cache) = (log, rules, matcher, rules.AskHistory, clock, mostReplayed, cache);
        _history = new LogHistory(new ClearEntries(log, indexes), rules);
        _correlator = new Correlator(rules, _history);
        _horizon = rules.Horizon > ServerLimits.DetectionHorizon ? rules.Horizon : ServerLimits.DetectionHorizon;
    }

    /// <summary>The log's name.</summary>
    public string Name => _log.Settings.Name;

    /// <summary>Entries that rules have not been asked of. For any thread.</summary>
    public long Lag => Math.Max(0, _log.Size - Volatile.Read(ref _next));

    /// <summary>Groups that were forgotten. For any thread.</summary>
    public long Forgotten => _correlator.Forgotten;

    /// <summary>Events that came too late for a correlation. For any thread.</summary>
    public long Late => _correlator.Late;

    /// <summary>Events that a correlation forgot since a window had too many. For any thread.</summary>
    public long Cut => _correlator.Cut;

    /// <summary>Questions for what was before that were not answered. For any thread.</summary>
    public long Unanswered => _correlator.Unanswered;

    /// <summary>Whether it waits for the log's index, and is to be followed again in a while.</summary>
    public bool WaitsForIndex { get; private set; }

    /// <summary>Whether it is to be put into the queue of logs that have changed: it is not in it already. For any thread.</summary>
    public bool EntersQueue() => Interlocked.Exchange(ref _isQueued, 1) == 0;

    /// <summary>Says that it is out of that queue; before anything is read that may change.</summary>
    public void LeaveQueue() => Interlocked.Exchange(ref _isQueued, 0);

    /// <summary>What was found and is not entered yet, in order.</summary>
    public Queue<AlertNote> Found { get; } = [];

    /// <summary>Asks rules of a bounded part of the entries that there are; of none while something that was found waits.</summary>
    /// <param name="onUnreadable">Told of an entry that was altered, or is none: it is passed over, for whoever could stop detection by altering one entry would.</param>
    public void Follow(Action<LogDetection, long, Exception> onUnreadable)
    {
        if (Found.Count > 0)
        {
            return;
        }

        Begin();
        WaitsForIndex = MustWait();
        if (WaitsForIndex)
        {
            return;
        }

        long size = _log.Size;
        long end = Math.Min(size, _next + ServerLimits.DetectionStepEntries);
        while (_next < end)
        {
            try
            {
                foreach (ReadOnlyMemory<byte> entry in _log.ReadEntries(_next, end))
                {
                    Take(entry);
                    Volatile.Write(ref _next, _next + 1);
                }
            }
            catch (Exception e) when (LogReader.IsUnreadable(e))
            {
                TakeSingly(Math.Min(end, (_next / BundleEntries * BundleEntries) + BundleEntries), onUnreadable);
            }
        }
    }

    /// <summary>Whether rules ask for what was before and so much of it is in no index that each question would take long: as after a start, while files are opened. Not for ever, for other rules wait with them.</summary>
    private bool MustWait()
    {
        if (!_asksHistory || _history.Unindexed(_next) <= ServerLimits.DetectionUnindexed)
        {
            _waitsSince = null;
            return false;
        }

        DateTimeOffset now = _clock.GetUtcNow();
        _waitsSince ??= now;
        return now - _waitsSince < ServerLimits.DetectionIndexWait;
    }

    /// <summary>Takes entries one by one: of a bundle with a bad one, the others.</summary>
    private void TakeSingly(long end, Action<LogDetection, long, Exception> onUnreadable)
    {
        for (; _next < end; Volatile.Write(ref _next, _next + 1))
        {
            try
            {
                Take(_log.ReadEntry(_next));
            }
            catch (Exception e) when (LogReader.IsUnreadable(e))
            {
                onUnreadable(this, _next, e);
            }
        }
    }

    private void Take(ReadOnlyMemory<byte> entry)
    {
        var matched = new List<int>();
        var findings = new List<Finding>();
        ReadOnlyMemory<byte> clear = InClear(_log, entry);
        (DateTimeOffset time, DateTimeOffset received) = EntryTimes.Read(entry.Span);
        _matcher.Match(clear.Span, matched);
        _isTaking = true;
        _correlator.Follow(_matcher, _next, time, received, matched, findings);
        for (int i = 0; i < findings.Count && _next >= _raisesFrom; i++)
        {
            // Numbered within its rule: what other rules find, which may be switched on later, changes nothing.
            Found.Enqueue(AlertOf(findings[i], _next, findings.Take(i).Count(other => other.Rule.Key == findings[i].Rule.Key)));
        }

        _isTaking = false;
    }

    /// <summary>Keeps what correlations remember, where they have gone on for long enough since and nothing that was found waits: whoever goes on from there need not raise it.</summary>
    /// <param name="entries">How long at least.</param>
    /// <exception cref="IOException">It could not be written: another time is as good.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public void Keep(long entries)
    {
        bool isDue = _next - _keptAt >= Math.Max(entries, _keptBytes / ServerLimits.DetectionKeptEntryBytes);
        if (_cache is null || !_isBegun || !isDue || _isTaking || Found.Count > 0 || _next < _raisesFrom)
        {
            return;
        }

        // What cannot be written now is not tried again with the next entries: it may be too much.
        _keptAt = _next;
        _keptBytes = DetectionLimits.SavedBytes;
        _keptBytes = _cache.Write(_log, _next, _correlator);
    }

    /// <summary>An entry with its personal values in clear.</summary>
    public static ReadOnlyMemory<byte> InClear(LogReader log, ReadOnlyMemory<byte> entry) => entry.Span.IndexOf("\"$pii\""u8) < 0 ? entry : log.Decrypt(entry);

    /// <summary>Where to begin: where what was kept leads to, or as far back as rules look twice over. What happened in the first half of that is only there to be known of.</summary>
    private void Begin()
    {
        if (_isBegun && !_isTaking)
        {
            return;
        }

        _isTaking = false;
        long size = _log.Size;
        if (_cache?.Read(_log, _rules, _history) is var (kept, next) && next >= size - _mostReplayed)
        {
            _correlator = kept;
            _raisesFrom = next;
            _keptAt = next;
            Volatile.Write(ref _next, next);
            _isBegun = true;
            return;
        }

        _correlator = new Correlator(_rules, _history);
        DateTimeOffset last = DateTimeOffset.MaxValue;
        for (long index = size - 1; index >= 0 && last == DateTimeOffset.MaxValue; index--)
        {
            last = ReceivedFrom(index, index + 1);
        }

        if (last == DateTimeOffset.MaxValue)
        {
            // Not one of them can be read.
            last = DateTimeOffset.UnixEpoch;
        }

        // Of a log that is too busy for that, half as much of what there is time for is only there to be known of.
        _raisesFrom = Math.Max(FirstReceivedFrom(last - _horizon, size), size - (_mostReplayed / 2));
        Volatile.Write(ref _next, Math.Max(FirstReceivedFrom(last - _horizon - _horizon, size), size - _mostReplayed));
        _keptAt = _next;
        _isBegun = true;
    }

    /// <summary>The first entry that was received at a time or later: times of receipt never go back.</summary>
    private long FirstReceivedFrom(DateTimeOffset time, long size)
    {
        (long low, long high) = (0, size);
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            (low, high) = ReceivedFrom(middle, high) < time ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>When the first entry of some was received that can be read; the end of time where none can.</summary>
    private DateTimeOffset ReceivedFrom(long index, long end)
    {
        for (; index < end; index++)
        {
            try
            {
                return EntryTimes.Read(_log.ReadEntry(index).Span).Received;
            }
            catch (Exception e) when (LogReader.IsUnreadable(e))
            {
                // Whoever altered it must not decide where detection begins.
            }
        }

        return DateTimeOffset.MaxValue;
    }

    private AlertNote AlertOf(Finding finding, long index, int number)
    {
        // The same whenever the same is found: what completed it, and which of the rule's findings by it.
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{_log.Settings.Origin}\n{finding.Rule.Key}\n{index}\n{number}")));
        ReadOnlyMemory<byte> shown = Shown(finding.Events[^1]);
        (string Field, string? Value)[] group = Group(finding, shown);
        string common = string.Join(", ", group.Where(part => part.Value is not null).Select(part => $"{part.Field} {part.Value}"));
        string? actor = ActorOf(shown);
        IReadOnlyList<long> before = actor is null ? [] : _history.EntriesOf(actor, finding.Events[0]);
        string message = common.Length == 0 ? finding.Rule.Title : $"{finding.Rule.Title}: {common}";
        string id = "alert-" + Convert.ToHexStringLower(hash.AsSpan(0, 16));
        return new AlertNote(id, Name, finding.To, message.Length <= EventLimits.FreeText ? message : finding.Rule.Title, data => Write(data, finding, group, actor, before))
        {
            Least = new AlertNote(id, Name, finding.To, "A rule matched, and what it found is too much for an entry.", data => Write(data, finding with { Events = [finding.Events[^1]] }, [], null, [])),
        };
    }

    /// <summary>Who did what an entry says; null where that is sealed, or nothing is said.</summary>
    private static string? ActorOf(ReadOnlyMemory<byte> shown)
    {
        if (shown.IsEmpty)
        {
            return null;
        }

        using var entry = JsonDocument.Parse(shown);
        return entry.RootElement.TryGetProperty("actor", out JsonElement actor) && actor.ValueKind == JsonValueKind.Object && actor.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;
    }

    /// <summary>What everybody may see of an entry; nothing where it cannot be read any more.</summary>
    private ReadOnlyMemory<byte> Shown(long index)
    {
        try
        {
            return _log.ReadEntry(index);
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            return default;
        }
    }

    /// <summary>An entry that everybody may see so much of, with all of it; null where it cannot be read.</summary>
    private JsonDocument? Opened(ReadOnlyMemory<byte> shown)
    {
        try
        {
            return shown.IsEmpty ? null : JsonDocument.Parse(InClear(_log, shown));
        }
        catch (Exception e) when (LogReader.IsUnreadable(e))
        {
            return null;
        }
    }

    /// <summary>What the events have in common; null for a value that does not stand in an entry for everybody. Very long ones are cut: what an alert says has to fit into an entry.</summary>
    private (string Field, string? Value)[] Group(Finding finding, ReadOnlyMemory<byte> shown)
    {
        using JsonDocument? seen = shown.IsEmpty ? null : JsonDocument.Parse(shown);
        using JsonDocument? clear = Opened(shown);
        var group = new (string Field, string? Value)[finding.Group.Count];
        int most = finding.Group.Sum(part => part.Value.Length) <= ServerLimits.AlertGroupCharacters ? ServerLimits.AlertGroupCharacters : ServerLimits.AlertGroupCharacters / DetectionLimits.GroupFields;
        for (int i = 0; i < group.Length; i++)
        {
            (string field, string value) = finding.Group[i];
            string cut = value.Length <= most ? value : value[..(char.IsHighSurrogate(value[most - 1]) ? most - 1 : most)] + "…";
            group[i] = (field, seen is not null && clear is not null && IsShown(value, seen.RootElement, clear.RootElement) ? cut : null);
        }

        return group;
    }

    /// <summary>Whether a value stands in an entry for everybody, and nowhere in it sealed.</summary>
    private static bool IsShown(string value, JsonElement shown, JsonElement clear)
    {
        int places = Places(value, shown);
        return places > 0 && places == Places(value, clear);
    }

    /// <summary>How often a value stands in an entry.</summary>
    private static int Places(string value, JsonElement entry) => entry.ValueKind switch
    {
        JsonValueKind.Object => entry.EnumerateObject().Sum(member => Places(value, member.Value)),
        JsonValueKind.Array => entry.EnumerateArray().Sum(item => Places(value, item)),
        JsonValueKind.String => entry.ValueEquals(value) ? 1 : 0,
        JsonValueKind.Null => 0,
        _ => entry.GetRawText() == value ? 1 : 0,
    };

    private void Write(Utf8JsonWriter data, Finding finding, IReadOnlyList<(string Field, string? Value)> group, string? actor, IReadOnlyList<long> before)
    {
        data.WriteStartObject("rule");
        data.WriteString("id", finding.Rule.Key);
        data.WriteString("title", finding.Rule.Title);
        data.WriteString("version", finding.Rule.Version);
        data.WriteEndObject();
        data.WriteString("severity", finding.Rule.Level.ToString().ToLowerInvariant());
        data.WriteString("log", Name);
        data.WriteString("from", Instant.Format(finding.From));
        data.WriteString("to", Instant.Format(finding.To));
        data.WriteNumber("count", Math.Clamp(finding.Count, -EventLimits.SafeInteger, EventLimits.SafeInteger));
        data.WriteStartArray("events");
        foreach (long index in finding.Events)
        {
            data.WriteNumberValue(index);
        }

        data.WriteEndArray();
        data.WriteStartArray("group");
        foreach ((string field, string? value) in group)
        {
            data.WriteStartObject();
            data.WriteString("field", field);

            // What is sealed in the entry is told to nobody here: who may see it finds it in the events.
            if (value is not null)
            {
                data.WriteString("value", value);
            }
            else
            {
                data.WriteBoolean("sealed", true);
            }

            data.WriteEndObject();
        }

        data.WriteEndArray();
        if (before.Count > 0)
        {
            data.WriteStartObject("context");
            data.WriteString("actor", actor);
            data.WriteStartArray("before");
            foreach (long index in before)
            {
                data.WriteNumberValue(index);
            }

            data.WriteEndArray();
            data.WriteEndObject();
        }
    }
}
