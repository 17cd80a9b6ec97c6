using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Engine.Privacy;
using Indelible.Engine.Publishing;
using Indelible.Engine.Reading;
using Indelible.Engine.Recovery;
using Indelible.Engine.Rotation;
using Indelible.Engine.Sealing;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Sources;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Events;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Privacy;
using Indelible.Tiles;
using Microsoft.Extensions.Logging;

namespace Indelible.Engine;

/// <summary>Who appends, as the door that authenticated him says.</summary>
/// <param name="Principal">Whose events these are; ids are unique per principal.</param>
/// <param name="KeyId">The credential that he showed, checked again when the entries get their indexes; empty for the node itself.</param>
/// <param name="AuthAt">The size of <c>_system</c> by which he was authorised.</param>
/// <param name="Protocol">The door: <c>api</c>, <c>cloudevents</c>, …</param>
/// <param name="RemoteAddress">Where he called from; kept as personal data of the event's actor.</param>
public sealed record AppendCaller(string Principal, string KeyId, long AuthAt, string Protocol, string? RemoteAddress)
{
    /// <summary>The session that he signed in to, as it is named in entries; null outside of one.</summary>
    public string? Session { get; init; }

    /// <summary>When what he showed ends by what it says itself, as a token does; null for never. What the configuration says of its end counts besides.</summary>
    public DateTimeOffset? Ends { get; init; }
}

/// <summary>What was wrong with one event of a request, or could not be built.</summary>
/// <param name="Item">The event's place in the request, from 0.</param>
/// <param name="Faults">What is wrong, by JSON Pointer.</param>
public sealed record RefusedEvent(int Item, IReadOnlyList<Fault> Faults);

/// <summary>Events of a request cannot become entries: nothing of the request was appended.</summary>
public sealed class EventsRefusedException(IReadOnlyList<RefusedEvent> refused) : Exception($"{refused.Count} events cannot be logged.")
{
    /// <summary>What is wrong, event by event.</summary>
    public IReadOnlyList<RefusedEvent> Refused { get; } = refused;
}

/// <summary>The log engine of one node over one data folder: opened, recovered, running until disposed.</summary>
/// <remarks>
/// Opening is the fold of what is stored and the same code as running: segments, tail files, journal; then every log is compared
/// with the head that was signed of it, and a log that is smaller or different stops the start. Thread-safe.
/// </remarks>
public sealed partial class LogEngine : IAsyncDisposable
{
    private static readonly Dictionary<string, FinishedLog> s_noneFinished = [];
    private static readonly PersonalFields s_ourFields = PersonalFields.TryCreate([], originalInClear: true, out PersonalFields? fields, out _) ? fields : throw new InvalidOperationException();
    private readonly DataFolder _folder;
    private readonly FolderSettings _settings;
    private readonly long _idSeed;
    private readonly IReadOnlyDictionary<string, FinishedLog> _finished;   // what a restore that is under way finishes
    private readonly TimeProvider _time;
    private readonly RandomSource _random;
    private readonly OwnEntries _own;
    private readonly ILogger _logger;
    private readonly bool _isStepped;
    private readonly IDisposable _lock;
    private readonly MasterKey _master;
    private readonly KeyStore _keys;
    private readonly Vault _vault;
    private readonly IJournal _journal;
    private readonly ISegmentStore _segments;
    private readonly ITailStore _tails;
    private readonly ICheckpointStore _checkpoints;
    private readonly SourcesFile _sources;
    private readonly SegmentCache _cache = new(EngineLimits.SegmentCacheBytes);
    private readonly Sequencer _sequencer;
    private readonly Publisher _publisher;
    private readonly Sealer _sealer;
    private readonly LogRotation _rotation;
    private readonly ReceiptsRotation _receipts;
    private readonly ConcurrentDictionary<string, LogReader> _logs = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _configuring = new(1, 1);   // one change of configuration at a time
    private readonly CancellationTokenSource _stoppingSealer = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<IDisposable> _signers = [];
    private Action<LogReader>? _changed;                       // by Volatile
    private volatile Authorities _authorities = new(SystemState.Empty);
    private string? _doubtOfPlace;   // why the folder is a copy that was accepted; null for none
    private long _systemBegins;   // the size of the configuration at entry 0 of the log that it is entered in
    private Task _sealing = Task.CompletedTask;
    private Task _publishing = Task.CompletedTask;
    private Task _sequencing = Task.CompletedTask;

    private LogEngine(
        DataFolder folder, FolderSettings settings, EngineOptions options, IReadOnlyDictionary<string, FinishedLog> finished, TimeProvider time, RandomSource random, ILoggerFactory loggers)
    {
        _finished = finished;
        _folder = folder;
        _settings = settings;
        _idSeed = settings.IdSeedValue;
        _time = time;
        _random = random;
        _logger = loggers.CreateLogger<LogEngine>();
        _isStepped = options.IsStepped;
        Administration = new Administration(this, random);
        _own = new OwnEntries(time, random);
        var opened = new Stack<IDisposable>();
        try
        {
            opened.Push(_lock = folder.Lock());
            CheckPlace(options);
            MasterKeyRewrap.Finish(folder);
            opened.Push(_master = options.MasterKey is { } given
                ? MasterKey.Take(given.Span, folder.Disk, folder.MasterKeyFile, random)
                : MasterKey.Open(folder.Disk, folder.MasterKeyFile, random));
            _keys = new KeyStore(folder.Disk, folder.KeysFolder, _master, random);
            opened.Push(_vault = Vault.Open(folder.VaultFile, _master, random));
            opened.Push(_checkpoints = FileCheckpointStore.Open(
                folder.Disk, options.CheckpointFolder ?? folder.CheckpointsFolder, folder.QuarantineFolder, random, options.CheckpointRewriteBytes));
            string receipts = KeyStore.NameOf(settings.Host, KeyStore.ReceiptsName);
            Ed25519NoteSigner receiptsSigner = ReceiptsRotation.Open(_keys, _checkpoints, receipts);
            opened.Push(receiptsSigner);
            opened.Push(_journal = FileJournal.Open(folder.Disk, folder.JournalFolder, folder.QuarantineFolder, options.Journal, random));
            _segments = new FileSegmentStore(folder.Disk, folder.LogsFolder);
            opened.Push(_tails = new FileTailStore(folder.Disk, folder.LogsFolder, random));
            _sources = new SourcesFile(folder.Disk, folder.LogsFolder);
            _sequencer = new Sequencer(_journal, receiptsSigner, MayStillAppend, OnApplied, _vault.Find, loggers.CreateLogger<Sequencer>()) { IsStepped = _isStepped, Grown = OnChanged };
            _publisher = new Publisher(_checkpoints, options.PublishInterval, time, loggers.CreateLogger<Publisher>());
            _sealer = new Sealer(_journal, _segments, _tails, _sequencer, options.SealInterval, loggers.CreateLogger<Sealer>()) { RoundEnds = log => KeepSources(log, EngineLimits.SourcesCacheEntries), Sealed = OnChanged };
            _rotation = new LogRotation(_keys, _publisher, loggers.CreateLogger<LogRotation>())
            {
                Enter = EnterOwnAsync,
                SystemLog = () => _logs[_settings.SystemLog],
                System = () => System,
                IsStepped = _isStepped,
            };
            _receipts = new ReceiptsRotation(_keys, _checkpoints, _sequencer, receipts, loggers.CreateLogger<ReceiptsRotation>())
            {
                Signer = receiptsSigner,
                Enter = (action, target, by, data) => EnterOwnAsync(_logs[_settings.SystemLog], action, target, by, data),
            };
            Recover();
        }
        catch
        {
            while (opened.TryPop(out IDisposable? part))
            {
                part.Dispose();
            }

            throw;
        }
    }

    /// <summary>The folder.</summary>
    public DataFolder Folder => _folder;

    /// <summary>What the folder is.</summary>
    public FolderSettings Settings => _settings;

    /// <summary>The configuration as it is now.</summary>
    public SystemState System => _authorities.State;

    /// <summary>The configuration as it was: of the entries that had been received by then.</summary>
    /// <remarks>Folded anew from the first entry of <c>_system</c> each time.</remarks>
    /// <exception cref="StorageException">An entry cannot be read.</exception>
    public SystemState ConfigurationAt(DateTimeOffset time)
    {
        SystemState state = SystemState.Empty;
        foreach (string name in _settings.ConfigurationLogs)
        {
            LogState log = _logs[name].State;
            long begins = state.Size;
            for (long index = 0; index < log.DurableSize; index++)
            {
                ReadOnlyMemory<byte> entry = log.ReadEntry(index);
                if (!Entry.TryRead(entry.Span, out EntryFacts facts) || Instant.Parse(facts.ReceivedAt) > time)
                {
                    return state;
                }

                state = SystemFold.Apply(state, begins + index, entry);
            }
        }

        return state;
    }

    /// <summary>Who may do what, by the configuration as it is now.</summary>
    public Authorities Authorities => _authorities;

    /// <summary>Changes who may do what.</summary>
    public Administration Administration { get; }

    /// <summary>Completes when the configuration is another than that of <paramref name="size"/>.</summary>
    /// <param name="size">A <see cref="SystemState.Size"/>.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task WaitForConfigurationAsync(long size, CancellationToken cancellationToken) =>
        _logs[_settings.SystemLog].State.WaitForGrowthAsync(size - _systemBegins, cancellationToken);

    /// <summary>Every log.</summary>
    public IReadOnlyCollection<LogReader> Logs => [.. _logs.Values];

    /// <summary>Called for a log that has more entries, or more of them in segments, than before; null for nobody. In the loop that appends, or in the one that seals: it must return at once and throw nothing.</summary>
    public Action<LogReader>? Changed
    {
        get => Volatile.Read(ref _changed);
        set => Volatile.Write(ref _changed, value);
    }

    /// <summary>The clock that the engine goes by.</summary>
    public TimeProvider Time => _time;

    /// <summary>Where the engine's chance comes from.</summary>
    public RandomSource Random => _random;

    /// <summary>What stopped a part of the node, if anything did: it then needs to be started anew.</summary>
    public Exception? Failure => _sequencer.Failure ?? _publisher.Failure ?? _sealer.Failure;

    /// <summary>Entries that wait for the sequencer.</summary>
    public int QueuedEntries => _sequencer.QueuedEntries;

    /// <summary>Groups that were written since the start.</summary>
    public long Groups => _sequencer.Groups;

    /// <summary>Makes a data folder with our own logs and the named ones.</summary>
    /// <param name="folder">A folder that does not exist or is empty.</param>
    /// <param name="host">The host part of every origin, for ever.</param>
    /// <param name="logs">The names of the logs to make.</param>
    /// <param name="segmentSize">Entries in a segment: a power of two, 256 to 65,536.</param>
    /// <param name="options">Sizes and places.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Draws keys.</param>
    /// <param name="loggers">Where the engine logs.</param>
    /// <returns>The folder's settings, its logs and an administrator's key, which is shown this once.</returns>
    /// <exception cref="StorageException">The folder is not empty. Nothing was changed.</exception>
    /// <exception cref="ArgumentException">A name, the host or the segment size cannot be used.</exception>
    public static async Task<InitialisedFolder> InitialiseAsync(
        DataFolder folder, string host, IReadOnlyList<string> logs, int segmentSize, EngineOptions options, TimeProvider time, RandomSource random, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(options);
        CheckInitialisation(host, logs, segmentSize);
        if (!folder.Disk.IsEmpty(folder.Root))
        {
            throw new StorageException($"{folder.Root} is not empty; a data folder is made in an empty or a new one.", StorageOutcome.NothingChanged);
        }

        folder.Disk.CreateFolder(folder.Root);
        FolderSettings settings = CreateParts(folder, host, segmentSize, options, random);
        var engine = new LogEngine(folder, settings, options, s_noneFinished, time, random, loggers);
        string adminKey;
        await using (engine.ConfigureAwait(false))
        {
            await engine.StartAsync(isFirst: true).ConfigureAwait(false);
            var system = new AppendCaller("indelible", "", 0, "init", null);
            await engine.ConfigureAsync(system, _ => new SystemChange(SystemActions.Init, "create", ("folder", host), null, data =>
            {
                data.WriteString("host", host);
                data.WriteString("receipts_vkey", settings.ReceiptsVkey);
                data.WriteString("vkey", engine._logs[LogName.System].Settings.Vkey);
                data.WriteString("version", SoftwareVersion);
            }), CancellationToken.None).ConfigureAwait(false);
            foreach (string log in (IEnumerable<string>)[LogName.Access, LogName.Alerts, .. logs])
            {
                await engine.CreateLogCoreAsync(log, isPublic: false, [], system, CancellationToken.None).ConfigureAwait(false);
            }

            (_, adminKey) = await engine.Administration.CreateKeyAsync(new NewKey(KeyKind.Admin, []) { Principal = "administrator" }, system, CancellationToken.None).ConfigureAwait(false);
        }

        // Last: a folder without it was never finished, and is refused as such.
        folder.WriteSettings(settings);
        return new InitialisedFolder(settings, [.. engine.Logs.Select(log => log.Settings).OrderBy(log => log.Name, StringComparer.Ordinal)], adminKey);
    }

    /// <summary>Opens a data folder, recovers it and starts the node.</summary>
    /// <exception cref="StorageException">The folder was never initialised, is incomplete, damaged, in use, or not what was signed.</exception>
    public static async Task<LogEngine> OpenAsync(DataFolder folder, EngineOptions options, TimeProvider time, RandomSource random, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(options);
        var engine = new LogEngine(folder, folder.ReadSettings(), options, s_noneFinished, time, random, loggers);
        try
        {
            await engine.StartAsync(isFirst: false).ConfigureAwait(false);
            return engine;
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Opens a folder whose pieces a restore has put in place, and compares them with what was signed. Nothing is written or signed before <see cref="StartRestoredAsync"/>.</summary>
    /// <param name="folder">All but its settings are there.</param>
    /// <param name="settings">What the folder is going to be.</param>
    /// <param name="options">Sizes and places.</param>
    /// <param name="finished">The logs that cannot go on, by name.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Draws keys.</param>
    /// <param name="loggers">Where the engine logs.</param>
    /// <exception cref="StorageException">A piece is damaged or missing, or a log is not what was signed.</exception>
    internal static LogEngine OpenRestored(
        DataFolder folder, FolderSettings settings, EngineOptions options, IReadOnlyDictionary<string, FinishedLog> finished, TimeProvider time, RandomSource random, ILoggerFactory loggers) =>
        new(folder, settings, options, finished, time, random, loggers);

    /// <summary>Starts the node on a restored folder.</summary>
    internal Task StartRestoredAsync() => StartAsync(isFirst: true);

    /// <summary>Enters in the configuration that a log was restored and goes on.</summary>
    internal Task EnterRestoredAsync(string log, Action<Utf8JsonWriter> facts) => ConfigureAsync(Ourselves, _ => new SystemChange(SystemActions.Restored, "other", ("log", log), Tenant.OfLog(log), data =>
    {
        LogReader restored = _logs[log];
        data.WriteString("name", log);
        data.WriteString("origin", restored.Settings.Origin);
        data.WriteStartObject("restored");
        data.WriteNumber("size", restored.Size);
        data.WriteString("root", restored.HeadAt(restored.Size).Root.ToBase64());
        data.WriteString("checkpoint", Encoding.UTF8.GetString(restored.Checkpoint.Note.Span));
        data.WriteEndObject();
        facts(data);
    }), CancellationToken.None);

    /// <summary>Begins the log that goes on in a finished one's place: its key, its first head, its entry in the configuration, its entry 0.</summary>
    /// <param name="of">The finished log.</param>
    /// <param name="facts">Writes what the restore knows into an entry's <c>data</c>.</param>
    internal async Task BeginIncarnationAsync(string of, Action<Utf8JsonWriter> facts)
    {
        LogReader old = _logs[of];
        FrozenLog frozen = old.Frozen!;
        LogState state = NewState(frozen.Successor);
        using Ed25519NoteSigner signer = _keys.OpenOrCreate(state.Name, state.Origin);
        using Ed25519NoteSigner oldSigner = _keys.Open(of, old.Settings.Origin);
        var statement = new IncarnationNote(old.Settings.Origin, frozen.Head.Size, frozen.Head.Root, signer.VerifierKey);
        string note = Encoding.UTF8.GetString(SignedNote.Sign(statement.Format(), oldSigner).ToBytes());
        void Write(Utf8JsonWriter data)
        {
            WriteIncarnation(data, state, signer.VerifierKey.ToString(), old, note);
            facts(data);
        }

        if (_logs.ContainsKey(state.Name))
        {
            // The log of the configuration itself was there from the first; its entry 0 is the configuration's entry as well.
            await ConfigureAsync(Ourselves, _ => new SystemChange(SystemActions.Incarnation, "create", ("log", state.Name), null, Write), CancellationToken.None).ConfigureAwait(false);
            return;
        }

        SignFirst(state.Origin, signer);
        await ConfigureAsync(Ourselves, _ => new SystemChange(SystemActions.LogIncarnation, "create", ("log", state.Name), Tenant.OfLog(state.Name), Write), CancellationToken.None).ConfigureAwait(false);
        Adopt(state, _checkpoints.Load());
        Claim first = _own.ClaimOf(new OwnEvent(SystemActions.Incarnation, "config", "create", ("log", state.Name), Write), Ourselves, null);
        await AppendAsync(_logs[state.Name], [first], Ourselves, AppendOptions.Default, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>The log of this name, or null.</summary>
    public LogReader? Find(string name) => _logs.GetValueOrDefault(name);

    /// <summary>The log that is written to by this name: the one of it, or where a restore has finished that, the last of those that went on in its place; null where there is none.</summary>
    public LogReader? FindCurrent(string name)
    {
        while (System.Frozen.TryGetValue(name, out FrozenLog? frozen))
        {
            name = frozen.Successor;
        }

        return Find(name);
    }

    /// <summary>Appends events to a log; durable, with a signed receipt, when the task completes.</summary>
    /// <param name="log">The log.</param>
    /// <param name="claims">Validated events, in order.</param>
    /// <param name="caller">Who appends.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the caller's waiting. Once the entries have been taken they are appended all the same.</param>
    /// <exception cref="EventsRefusedException">An event does not fit an entry. Nothing was appended.</exception>
    /// <exception cref="LogFrozenException">The log was finished by a restore. Nothing was appended.</exception>
    /// <exception cref="QueueFullException">Too much is waiting. Nothing was appended.</exception>
    /// <exception cref="AuthorisationLostException">The key was revoked meanwhile. Nothing was appended.</exception>
    /// <exception cref="NotWrittenException">There was no room, most likely. Nothing was appended; the node goes on.</exception>
    /// <exception cref="NodeStoppedException">The node has stopped; the exception says whether the outcome is unknown.</exception>
    public Task<AppendResult> AppendAsync(
        LogReader log, IReadOnlyList<Claim> claims, AppendCaller caller, AppendOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(claims);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(options);
        if (log.Frozen is { } frozen)
        {
            throw new LogFrozenException(log.Settings.Name, frozen.Successor, "nothing is appended to it any more.");
        }

        using Vault.Request keys = _vault.KeysFor(log.Settings.Origin);
        PersonalFields personal = options.IsOurs ? s_ourFields : options.OriginalInClear ? log.PersonalFieldsButOriginal : log.PersonalFields;
        string receivedAt = Instant.Format(_time.GetUtcNow());
        var ingest = new Ingest(caller.Protocol, caller.Principal, caller.KeyId, caller.AuthAt, caller.RemoteAddress);
        var prepared = new PreparedEntry[claims.Count];
        List<RefusedEvent>? refused = null;
        Span<byte> salt = stackalloc byte[EntryBuilder.SaltSize];
        for (int i = 0; i < prepared.Length; i++)
        {
            if (caller.KeyId.Length > 0 && claims[i].Action.StartsWith(SystemActions.Reserved, StringComparison.Ordinal))
            {
                (refused ??= []).Add(new RefusedEvent(i, [new Fault("/action", FaultCode.NotAllowed, $"actions that begin with {SystemActions.Reserved} are the system's own")]));
                continue;
            }

            _random.Fill(salt);
            var context = new EntryContext
            {
                Origin = log.Settings.Origin,
                ReceivedAt = receivedAt,
                Ingest = ingest,
                Salt = salt.ToArray(),
                Keys = keys,
                PersonalFields = personal,
            };
            if (EntryBuilder.TryBuild(claims[i], context, out BuiltEntry? entry, out IReadOnlyList<Fault> faults))
            {
                prepared[i] = new PreparedEntry(claims[i], entry, receivedAt, TreeHasher.Leaf(entry.Bytes.Span), ProducerFacts.Of(claims[i]));
            }
            else
            {
                (refused ??= []).Add(new RefusedEvent(i, faults));
            }
        }

        if (refused is not null)
        {
            throw new EventsRefusedException(refused);
        }

        // A key must be on disk before an entry that needs it can be: otherwise a crash would leave an entry that nobody can read.
        keys.Commit();
        var request = new AppendRequest(log.State, prepared, caller, options.Partial);
        _sequencer.Enqueue(request);
        return request.Done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Makes a log.</summary>
    /// <param name="name">Its name; see <see cref="LogName.Fault"/>.</param>
    /// <param name="isPublic">Whether checkpoint and hash tiles may be read without a key, for ever.</param>
    /// <param name="personalPointers">Members to encrypt besides those of the schema.</param>
    /// <param name="caller">Who makes it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ArgumentException">The name cannot be used, or a pointer cannot be encrypted.</exception>
    /// <exception cref="ConfigurationConflictException">There is such a log already.</exception>
    public async Task<LogReader> CreateLogAsync(
        string name, bool isPublic, ImmutableArray<string> personalPointers, AppendCaller caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (LogName.Fault(name) is { } fault)
        {
            throw new ArgumentException(fault, nameof(name));
        }

        if (!PersonalFields.TryCreate(personalPointers, originalInClear: false, out _, out IReadOnlyList<Fault> faults))
        {
            throw new ArgumentException(faults[0].ToString(), nameof(personalPointers));
        }

        return await CreateLogCoreAsync(name, isPublic, personalPointers, caller, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Rotates the key that a log's heads are signed with; when the task completes the next one signs. See <see cref="LogRotation"/>.</summary>
    /// <param name="log">The log.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancellationToken">Ends the waiting, not the rotation.</param>
    /// <exception cref="NotAuthorisedException">The caller is no custodian of it.</exception>
    /// <exception cref="LogFrozenException">The log was finished by a restore.</exception>
    /// <exception cref="ConfigurationConflictException">Its key was rotated as often as it may be.</exception>
    /// <exception cref="QueueFullException">Too much is waiting; the old key goes on, and another call takes up what was begun.</exception>
    /// <exception cref="NotWrittenException">There was no room; the same.</exception>
    /// <exception cref="StorageException">The next key could not be written: nothing was changed. Or, with an unknown outcome: the next start finishes it.</exception>
    /// <exception cref="NodeStoppedException">The node has stopped; the next start finishes what was begun.</exception>
    public Task<KeyRotated> RotateLogKeyAsync(LogReader log, AppendCaller caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(caller);
        cancellationToken.ThrowIfCancellationRequested();
        RulesFor(caller).RequireCustody(log.Settings.Name);
        return log.Frozen is { } frozen
            ? throw new LogFrozenException(log.Settings.Name, frozen.Successor, "its key signs nothing any more.")
            : _rotation.RotateAsync(log, caller).WaitAsync(cancellationToken);
    }

    /// <summary>The key that receipts are verified with now.</summary>
    public string ReceiptsVkey => _receipts.Signer.VerifierKey.ToString();

    /// <summary>The handovers from one receipts' key to the next, as they are recorded; no bytes where it was never rotated.</summary>
    public ReadOnlyMemory<byte> ReceiptsHandovers => _receipts.Handovers;

    /// <summary>Rotates the key that receipts are signed with; when the task completes the next one signs. See <see cref="ReceiptsRotation"/>.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancellationToken">Ends the waiting, not the rotation.</param>
    /// <exception cref="QueueFullException">Too much is waiting; the old key goes on.</exception>
    /// <exception cref="NotWrittenException">There was no room; the same.</exception>
    /// <exception cref="StorageException">The next key or the handover could not be written: the old key goes on. Or, with an unknown outcome: the next start decides.</exception>
    /// <exception cref="NodeStoppedException">The node has stopped; the next start finishes what was begun.</exception>
    public Task<KeyRotated> RotateReceiptsKeyAsync(AppendCaller caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        cancellationToken.ThrowIfCancellationRequested();
        RulesFor(caller).RequireNodeCustody();
        return _receipts.RotateAsync(caller).WaitAsync(cancellationToken);
    }

    /// <summary>Enters that a producer is expected to be heard of, in place of what was entered under the name before.</summary>
    /// <param name="wanted">The producer; when it is entered, this node says.</param>
    /// <param name="caller">Who enters it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ArgumentException">There is no such log, or a member is out of its bounds.</exception>
    /// <exception cref="ConfigurationConflictException">There are too many.</exception>
    public async Task ExpectSourceAsync(ExpectedSource wanted, AppendCaller caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentNullException.ThrowIfNull(caller);
        if (ExpectedSourceRules.Fault(wanted) is { } fault)
        {
            throw new ArgumentException(fault, nameof(wanted));
        }

        if (!_logs.ContainsKey(wanted.Log))
        {
            throw new ArgumentException($"there is no log {wanted.Log}", nameof(wanted));
        }

        if (System.Expected.Count >= EngineLimits.ExpectedSources && !System.Expected.ContainsKey((wanted.Log, wanted.Name)))
        {
            throw new ConfigurationConflictException($"This node expects {EngineLimits.ExpectedSources} sources, as many as it may.");
        }

        await ConfigureAsync(caller, rules =>
        {
            rules.RequireOver(wanted.Log);
            return new SystemChange(SystemActions.SourceExpect, "update", ("source", wanted.Name), Tenant.OfLog(wanted.Log), data => ExpectedSourceRules.Write(data, wanted));
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Enters that a producer is not expected any more.</summary>
    /// <exception cref="KeyNotFoundException">None is expected under this name.</exception>
    public async Task ForgetSourceAsync(string log, string name, AppendCaller caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (!System.Expected.ContainsKey((log, name)))
        {
            throw new KeyNotFoundException($"Log {log} expects no source {name}.");
        }

        await ConfigureAsync(caller, rules =>
        {
            rules.RequireOver(log);
            return new SystemChange(SystemActions.SourceForget, "delete", ("source", name), Tenant.OfLog(log), data =>
            {
                data.WriteString("log", log);
                data.WriteString("name", name);
            });
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Enters in <c>_access</c> how many events were refused at the door.</summary>
    /// <param name="refused">What was not entered before; at most <see cref="EngineLimits.RefusedInEntry"/>.</param>
    /// <exception cref="NodeStoppedException">The node has stopped.</exception>
    public Task NoteRefusedAsync(IReadOnlyList<RefusedEvents> refused)
    {
        ArgumentNullException.ThrowIfNull(refused);
        return NoteAsync(SystemActions.Refused, ("node", _settings.Host), data => RefusedTotals.Write(data, refused), outcome: "failure");
    }

    /// <summary>Enters in <c>_access</c> that it stands differently with a producer. Durable when the task completes.</summary>
    /// <param name="note">How it stands.</param>
    /// <exception cref="QueueFullException">Too much waits; nothing was entered.</exception>
    /// <exception cref="NotWrittenException">The disk does not take it; nothing was entered.</exception>
    /// <exception cref="NodeStoppedException">The node has stopped.</exception>
    public Task NoteSourceAsync(SourceNote note)
    {
        ArgumentNullException.ThrowIfNull(note);
        var told = new OwnEvent(SourceNote.ActionOf(note.Change), "system", "other", note.Target, note.Data)
        {
            Outcome = SourceNote.IsBad(note.Change) ? "failure" : "success",
            Message = note.Message,
            Tenant = Tenant.OfLog(note.Log),
        };
        return EnterAsync(LogName.Access, told, Ourselves);
    }

    /// <summary>How many events were refused, as entered in <c>_access</c> so far.</summary>
    public IReadOnlyList<RefusedEvents> ReadRefused() => FindCurrent(LogName.Access)?.State.Sources.ReadRefused() ?? [];

    /// <summary>A key for files that are made of the log and kept by somebody else, and that a thief of the folder must not read. Another master key gives another.</summary>
    /// <param name="purpose">What it is for: a name that nothing else uses.</param>
    /// <returns>32 bytes.</returns>
    public byte[] DeriveKey(string purpose) => _master.Derive(purpose);

    /// <summary>Lets what waits be written, signs a last head, and lets the folder go.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        if (_sequencer.Failure is null && (_isStepped || !_sequencing.IsCompleted))
        {
            await TryWriteStopAsync().ConfigureAwait(false);
        }

        // The sealer first, because it works through the sequencer; the publisher last, because its last round covers the last entry.
        await _stoppingSealer.CancelAsync().ConfigureAwait(false);
        await _sealing.ConfigureAwait(false);
        _sequencer.Stop();
        await _sequencing.ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _publishing.ConfigureAwait(false);
        if (_isStepped)
        {
            while (await _sequencer.TurnAsync().ConfigureAwait(false))
            {
                // What waits is written.
            }

            await _publisher.TurnAsync().ConfigureAwait(false);
        }

        await _rotation.DrainAsync(_logs.Values).ConfigureAwait(false);
        await _receipts.DrainAsync().ConfigureAwait(false);
        if (_sequencer.Failure is null)
        {
            foreach (LogReader log in _logs.Values)
            {
                KeepSources(log.State, EngineLimits.SourcesCacheEntriesAtStop);
            }
        }

        foreach (IDisposable part in (IEnumerable<IDisposable>)[.. _signers, .. _logs.Values.Select(log => log.Published.Signer).OfType<IDisposable>(), _rotation, _stoppingSealer, _stopping, _journal, _tails, _checkpoints, _vault, _sequencer, _publisher, _configuring, _receipts, _master, _lock])
        {
            part.Dispose();
        }

        foreach (SegmentReader segment in _logs.Values.SelectMany(log => log.State.Segments))
        {
            segment.Dispose();
        }
    }

    private static string SoftwareVersion => typeof(LogEngine).Assembly.GetName().Version!.ToString(3);

    /// <summary>This node, as the author of entries about itself.</summary>
    private AppendCaller Ourselves => new(SystemActions.Principal, "", System.Size, "internal", null);

    private static void CheckInitialisation(string host, IReadOnlyList<string> logs, int segmentSize)
    {
        if (segmentSize is < TileLayout.Width or > 65_536 || !int.IsPow2(segmentSize))
        {
            throw new ArgumentException($"a segment has a power of two of entries, 256 to 65536, not {segmentSize}", nameof(segmentSize));
        }

        foreach (string log in logs)
        {
            if (LogName.Fault(log) is { } fault)
            {
                throw new ArgumentException($"{fault} ('{log}')", nameof(logs));
            }
        }

        int longest = Math.Max(LogName.System.Length, logs.DefaultIfEmpty("").Max(log => log.Length));
        if (!KeyName.IsValid(host) || host.Contains('/', StringComparison.Ordinal)
            || Encoding.UTF8.GetByteCount(host) + "/logs/".Length + Math.Max(longest, EngineLimits.LogNameLength) > EngineLimits.OriginBytes)
        {
            throw new ArgumentException($"'{host}' cannot be the host of origins: a host name and port, without spaces, + or /, and short enough for origins of {EngineLimits.OriginBytes} bytes", nameof(host));
        }
    }

    /// <summary>Makes every part of a folder but its settings, which make it one.</summary>
    private static FolderSettings CreateParts(DataFolder folder, string host, int segmentSize, EngineOptions options, RandomSource random)
    {
        folder.WritePlace();
        using MasterKey master = MasterKey.Create(folder.Disk, folder.MasterKeyFile, random);
        var keys = new KeyStore(folder.Disk, folder.KeysFolder, master, random);
        using Ed25519NoteSigner receipts = keys.OpenOrCreate(KeyStore.ReceiptsName, KeyStore.NameOf(host, KeyStore.ReceiptsName));
        Vault.Create(folder.VaultFile, master, random);
        FileCheckpointStore.Create(folder.Disk, options.CheckpointFolder ?? folder.CheckpointsFolder, random);
        FileJournal.Create(folder.Disk, folder.JournalFolder, options.Journal, random);
        folder.Disk.CreateFolder(folder.LogsFolder);
        byte[] seed = new byte[sizeof(long)];
        random.Fill(seed);
        return new FolderSettings(1, host, segmentSize, receipts.VerifierKey.ToString(), Convert.ToHexStringLower(seed));
    }

    private static void WriteIncarnation(Utf8JsonWriter data, LogState log, string vkey, LogReader old, string note)
    {
        FrozenLog frozen = old.Frozen!;
        data.WriteString("name", log.Name);
        data.WriteString("origin", log.Origin);
        data.WriteString("vkey", vkey);
        data.WriteBoolean("public", old.Settings.IsPublic);
        WritePersonal(data, old.Settings.PersonalPointers);
        data.WriteStartObject("of");
        data.WriteString("name", old.Settings.Name);
        data.WriteString("origin", old.Settings.Origin);
        data.WriteString("vkey", frozen.Vkey);
        data.WriteEndObject();
        data.WriteStartObject("restored");
        data.WriteNumber("size", frozen.Head.Size);
        data.WriteString("root", frozen.Head.Root.ToBase64());
        data.WriteString("checkpoint", frozen.Checkpoint);
        data.WriteEndObject();
        data.WriteString("note", note);
    }

    private static void WritePersonal(Utf8JsonWriter data, ImmutableArray<string> pointers)
    {
        data.WriteStartArray("personal");
        foreach (string pointer in pointers)
        {
            data.WriteStringValue(pointer);
        }

        data.WriteEndArray();
    }

    private string OriginOf(string log) => KeyStore.NameOf(_settings.Host, log);

    private LogState NewState(string name)
    {
        var state = new LogState(name, OriginOf(name), _settings.SegmentSize, _idSeed, _journal, _tails, _cache);
        state.Sources = NewSources(state);
        return state;
    }

    /// <summary>Rebuilds <c>_system</c>, then the logs that it names, and compares each with what was signed.</summary>
    private void Recover()
    {
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> heads = _checkpoints.Load();
        var states = new Dictionary<string, LogState>(StringComparer.Ordinal);
        foreach (JournalRecord record in _journal.Read(0))
        {
            LogRecovery.Replay(record, (log, first) => StateOf(states, log, first));
        }

        foreach (string name in _settings.ConfigurationLogs)
        {
            // The configuration is one, counted through: what a finished log held is where its successor goes on.
            LogState system = StateOf(states, name, null);
            SystemState state = System;
            _systemBegins = state.Size;
            for (long index = 0; index < system.DurableSize; index++)
            {
                state = SystemFold.Apply(state, _systemBegins + index, system.ReadEntry(index));
            }

            _authorities = new Authorities(state);
        }

        foreach (LogSettings log in System.Logs.Values.OrderBy(log => log.CreatedAtSize))
        {
            StateOf(states, log.Name, null);
        }

        if (states.Keys.FirstOrDefault(log => !_settings.ConfigurationLogs.Contains(log) && !System.Logs.ContainsKey(log)) is { } unknown)
        {
            throw new StorageException($"The journal holds entries of log {unknown}, which was never created.", StorageOutcome.Damaged);
        }

        foreach (LogState state in states.Values)
        {
            Adopt(state, heads);
        }

        foreach ((string name, FrozenLog frozen) in System.Frozen)
        {
            if (!states.TryGetValue(name, out LogState? finished) || !states.TryGetValue(frozen.Successor, out LogState? successor))
            {
                throw new StorageException($"The configuration says that log {frozen.Successor} goes on in the place of {name}, but not both are there.", StorageOutcome.Damaged);
            }

            // A repeated delivery to the log that goes on is found where it was logged first.
            successor.Predecessor = new EarlierLog(finished, _logs[name].Checkpoint.Head.Size);
        }

        foreach (LogState state in states.Values)
        {
            FoldSources(state);
        }
    }

    /// <summary>Brings the fold of a log's sources to its size, from where it was last kept.</summary>
    private void FoldSources(LogState log)
    {
        LogSources sources = _sources.Read(log, () => NewSources(log)) ?? NewSources(log);
        if (log.DurableSize - sources.Size > EngineLimits.SourcesCacheEntries + _settings.SegmentSize)
        {
            LogFoldingSources(log.Name, log.DurableSize - sources.Size);
        }

        while (sources.Size < log.DurableSize)
        {
            try
            {
                foreach (ReadOnlyMemory<byte> entry in log.ReadEntries(sources.Size, log.DurableSize))
                {
                    sources.Apply(entry.Span);
                }
            }
            catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
            {
                // Whoever reads these entries is told so; that a view of them is incomplete keeps nobody from appending.
                LogSourcesUnread(log.Name, e.Message);
                sources.Skip(Math.Min(log.DurableSize, ((sources.Size / TileLayout.Width) + 1) * TileLayout.Width));
            }
        }

        log.Sources = sources;
    }

    private static LogSources NewSources(LogState log) => new()
    {
        Refused = LogName.LineOf(log.Name) == LogName.Access ? new RefusedTotals() : null,
        BeginsElsewhere = log.Predecessor is not null,
    };

    /// <summary>Keeps the fold of a log's sources in a file, where it has gone on for long enough.</summary>
    private void KeepSources(LogState log, long entries)
    {
        LogSources sources = log.Sources;
        if (sources.Size - sources.KeptSize < entries || sources.Unread > 0)
        {
            return;
        }

        SavedSources saved = sources.Save();
        if (saved.Size > log.DurableSize)
        {
            return;   // The sequencer is about to show these entries; the next round comes soon.
        }

        try
        {
            _sources.Write(log, saved);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogSourcesNotKept(log.Name, e.Message);
        }

        sources.KeptSize = saved.Size;
    }

    /// <summary>A log's state, loaded from segments and tail file where it is asked for the first time.</summary>
    private LogState StateOf(Dictionary<string, LogState> states, string log, long? journalBegins)
    {
        if (!states.TryGetValue(log, out LogState? state))
        {
            if (!LogName.CanBe(log))
            {
                throw new StorageException($"The journal holds entries of '{log}', which no log can be called.", StorageOutcome.Damaged);
            }

            state = NewState(log);
            LogRecovery.Load(state, _segments, _tails, journalBegins);
            states.Add(log, state);
        }

        return state;
    }

    /// <summary>Compares a rebuilt log with its recorded head and takes it into service.</summary>
    private void Adopt(LogState state, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> heads)
    {
        if (FrozenOf(state) is { } frozen)
        {
            AdoptFrozen(state, frozen, heads.GetValueOrDefault(CheckpointSwap.HandoversOf(state.Origin)));
            return;
        }

        bool hasHead = heads.TryGetValue(state.Origin, out ReadOnlyMemory<byte> note);
        if (!hasHead && (state.DurableSize > 0 || _folder.IsInitialised))
        {
            throw new StorageException(
                $"The checkpoint store has no head of {state.Origin}, which has {state.DurableSize} entries: it is not this folder's, or was emptied.", StorageOutcome.Damaged);
        }

        ReadOnlyMemory<byte> handovers = heads.GetValueOrDefault(CheckpointSwap.HandoversOf(state.Origin));
        Ed25519NoteSigner signer = hasHead ? _rotation.Open(state.Name, state.Origin, handovers) : _keys.OpenOrCreate(state.Name, state.Origin);
        _signers.Add(signer);
        var checkpoints = new PublishedCheckpoints();
        if (hasHead)
        {
            VerifiedCheckpoint recorded = VerifiedCheckpoint.Verify(note.Span, state.Origin, Ed25519NoteVerifier.FromVkey(signer.VerifierKey));
            LogRecovery.CheckAgainst(state, recorded.Head);
            checkpoints.Add(new PublishedCheckpoint(recorded.Head, note));
        }
        else
        {
            checkpoints.Add(SignFirst(state.Origin, signer));
        }

        TakeIntoService(state, signer, signer.VerifierKey.ToString(), checkpoints, null, handovers);
    }

    /// <summary>What is known of a log that a restore has finished, or is finishing; null of any other.</summary>
    private FrozenLog? FrozenOf(LogState state)
    {
        if (System.Frozen.TryGetValue(state.Name, out FrozenLog? known))
        {
            return known;
        }

        return _finished.TryGetValue(state.Name, out FinishedLog? finished)
            ? new FrozenLog(finished.Vkey, state.HeadAt(state.DurableSize), finished.Checkpoint, finished.Successor)
            : null;
    }

    /// <summary>Takes a finished log into service for readers, as it was restored: neither larger nor smaller nor different.</summary>
    private void AdoptFrozen(LogState state, FrozenLog frozen, ReadOnlyMemory<byte> handovers)
    {
        byte[] note = Encoding.UTF8.GetBytes(frozen.Checkpoint);
        VerifiedCheckpoint signed = VerifiedCheckpoint.Verify(note, state.Origin, Ed25519NoteVerifier.FromVkey(frozen.Vkey));
        LogRecovery.CheckAgainst(state, signed.Head);
        if (state.DurableSize != frozen.Head.Size)
        {
            throw new StorageException(
                $"Log {state.Name} has {state.DurableSize} entries, but {frozen.Head.Size} were restored when it was finished.", StorageOutcome.Damaged);
        }

        LogRecovery.CheckAgainst(state, frozen.Head);
        var checkpoints = new PublishedCheckpoints();
        checkpoints.Add(new PublishedCheckpoint(signed.Head, note));
        TakeIntoService(state, null, frozen.Vkey, checkpoints, frozen, handovers);
    }

    private void TakeIntoService(LogState state, NoteSigner? signer, string vkey, PublishedCheckpoints checkpoints, FrozenLog? frozen, ReadOnlyMemory<byte> handovers)
    {
        LogSettings settings = _settings.ConfigurationLogs.Contains(state.Name)
            ? new LogSettings(state.Name, state.Origin, vkey, IsPublic: false, [], 0)
            : System.Logs[state.Name];
        if (!PersonalFields.TryCreate(settings.PersonalPointers, originalInClear: false, out PersonalFields? personal, out IReadOnlyList<Fault> faults)
            || !PersonalFields.TryCreate(settings.PersonalPointers, originalInClear: true, out PersonalFields? butOriginal, out faults))
        {
            throw new StorageException($"Log {state.Name} is configured with a personal field that cannot be one: {faults[0]}.", StorageOutcome.Damaged);
        }

        var published = new PublishedLog(state, signer, checkpoints, vkey, handovers);
        if (signer is not null)
        {
            _rotation.Hold(state.Name, published);
            _publisher.Add(published);
        }

        _sealer.Add(state);
        _logs[state.Name] = new LogReader(settings, published, _publisher, personal, butOriginal, _vault.Find) { Frozen = frozen };
    }

    /// <summary>Signs and records the head of no entries, so that a log has a checkpoint from its first moment.</summary>
    private PublishedCheckpoint SignFirst(string origin, NoteSigner signer)
    {
        var head = new TreeHead(0, TreeHasher.EmptyRoot);
        byte[] note = SignedNote.Sign(new Checkpoint(origin, head.Size, head.Root).Format(), signer).ToBytes();
        _checkpoints.SwapAsync([new CheckpointSwap(origin, null, note)]).AsTask().GetAwaiter().GetResult();
        return new PublishedCheckpoint(head, note);
    }

    /// <summary>One turn of the sequencer, where <see cref="EngineOptions.IsStepped"/>.</summary>
    internal Task SequenceAsync() => _sequencer.TurnAsync();

    /// <summary>One turn of the publisher, where <see cref="EngineOptions.IsStepped"/>.</summary>
    internal Task PublishAsync() => _publisher.TurnAsync();

    /// <summary>One turn of the sealer, where <see cref="EngineOptions.IsStepped"/>.</summary>
    internal Task SealAsync() => _sealer.TurnAsync(CancellationToken.None);

    /// <summary>Waits for an append of our own; where nobody else takes the sequencer's turns, takes them.</summary>
    private async Task SettleAsync(Task append)
    {
        while (_isStepped && !append.IsCompleted)
        {
            await _sequencer.TurnAsync().ConfigureAwait(false);
        }

        await append.ConfigureAwait(false);
    }

    private async Task StartAsync(bool isFirst)
    {
        if (!_isStepped)
        {
            _sequencing = _sequencer.RunAsync();
            _publishing = _publisher.RunAsync(_stopping.Token);
            _sealing = _sealer.RunAsync(_stoppingSealer.Token);
        }

        if (isFirst)
        {
            return;
        }

        if (_doubtOfPlace is { } doubt)
        {
            await AcceptPlaceAsync(doubt).ConfigureAwait(false);
        }

        foreach ((string part, TornTail? found) in new[] { ("journal", (_journal as FileJournal)?.TornTail), ("checkpoints", (_checkpoints as FileCheckpointStore)?.TornTail) })
        {
            if (found is { } torn)
            {
                LogTornTail(part, torn.Path, torn.Bytes, torn.Sha256);
                await NoteAsync(SystemActions.TornTail, (part, Path.GetFileName(torn.Path)), data =>
                {
                    data.WriteNumber("bytes", torn.Bytes);
                    data.WriteString("sha256", torn.Sha256);
                }).ConfigureAwait(false);
            }
        }

        if (System.Version != SoftwareVersion)
        {
            await NoteUpgradeAsync(System.Version).ConfigureAwait(false);
        }

        await NoteAsync(SystemActions.Start, ("node", _settings.Host), data => data.WriteString("version", SoftwareVersion)).ConfigureAwait(false);
        _rotation.Resume(_logs.Values, Ourselves);
        await _receipts.ResumeAsync(System.ReceiptsRotations.LastOrDefault()).ConfigureAwait(false);
    }

    /// <summary>Enters that another version than before runs on this folder: for the next start in the configuration, for people in <c>_access</c>.</summary>
    private async Task NoteUpgradeAsync(string? before)
    {
        void Write(Utf8JsonWriter data)
        {
            if (before is not null)
            {
                data.WriteString("from", before);
            }

            data.WriteString("version", SoftwareVersion);
        }

        await NoteAsync(SystemActions.Upgrade, ("node", _settings.Host), Write).ConfigureAwait(false);
        await ConfigureAsync(Ourselves, _ => new SystemChange(SystemActions.Upgrade, "update", ("node", _settings.Host), null, Write), CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Refuses a copy of another folder, or takes it for the folder itself when that was asked for.</summary>
    private void CheckPlace(EngineOptions options)
    {
        if (_folder.DoubtOfPlace() is not { } doubt)
        {
            return;
        }

        if (!options.AcceptsCopy)
        {
            throw new StorageException(
                $"{_folder.Root} seems to be a copy of another data folder: {doubt}. Two nodes on two copies would sign two histories, and nobody could tell the true one. If no node will ever run again on the folder that this was copied of, start once with 'serve --accept-copy', which is entered in {LogName.Access}.",
                StorageOutcome.NothingChanged);
        }

        _doubtOfPlace = doubt;
    }

    /// <summary>Enters that a copy was accepted; only then does the folder say that it belongs here.</summary>
    private async Task AcceptPlaceAsync(string doubt)
    {
        LogCopyAccepted(doubt);
        await NoteAsync(SystemActions.CopyAccepted, ("node", _settings.Host), data => data.WriteString("doubt", doubt)).ConfigureAwait(false);
        _folder.WritePlace();
    }

    private async Task TryWriteStopAsync()
    {
        try
        {
            await NoteAsync(SystemActions.Stop, ("node", _settings.Host), _ => { }).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NodeStoppedException or StorageException or QueueFullException)
        {
            // It failed meanwhile, or there is no room: there will be a start without a stop before it, which says as much.
        }
    }

    /// <summary>Enters in <c>_access</c> that this node has verified one of its logs, and in <c>_alerts</c> too, if <paramref name="isAlert"/>.</summary>
    /// <param name="log">The log.</param>
    /// <param name="isValid">Whether nothing was wrong.</param>
    /// <param name="isAlert">Whether somebody must be told.</param>
    /// <param name="data">Writes what was found: members of an object.</param>
    /// <exception cref="NodeStoppedException">The node has stopped.</exception>
    public async Task NoteVerificationAsync(string log, bool isValid, bool isAlert, Action<Utf8JsonWriter> data)
    {
        foreach (string own in isAlert ? (IEnumerable<string>)[LogName.Alerts, LogName.Access] : [LogName.Access])
        {
            await NoteAsync(SystemActions.Verification, ("log", log), data, own, isValid ? "success" : "failure").ConfigureAwait(false);
        }
    }

    /// <summary>Enters in <c>_access</c> what somebody did with this system, or was kept from doing. Durable when the task completes: who answers before has no record.</summary>
    /// <param name="note">What it was.</param>
    /// <param name="caller">Who he is.</param>
    /// <exception cref="QueueFullException">Too much waits; nothing was entered.</exception>
    /// <exception cref="NotWrittenException">The disk does not take it; nothing was entered.</exception>
    /// <exception cref="NodeStoppedException">The node has stopped.</exception>
    public Task NoteAccessAsync(AccessNote note, AppendCaller caller)
    {
        ArgumentNullException.ThrowIfNull(note);
        ArgumentNullException.ThrowIfNull(caller);
        return EnterAsync(LogName.Access, note.ToEvent(), caller);
    }

    /// <summary>Enters in <c>_access</c> what this node itself does with what is in its logs, as its settings say. Durable when the task completes.</summary>
    /// <param name="note">What it is.</param>
    /// <exception cref="QueueFullException">Too much waits; nothing was entered.</exception>
    /// <exception cref="NotWrittenException">The disk does not take it; nothing was entered.</exception>
    /// <exception cref="NodeStoppedException">The node has stopped.</exception>
    public Task NoteAccessAsync(AccessNote note) => NoteAccessAsync(note, Ourselves);

    /// <summary>Enters in <c>_alerts</c> what a rule found. Durable when the task completes.</summary>
    /// <param name="note">What it is.</param>
    /// <returns>Whether it was new: the same is entered once, however often it is found.</returns>
    /// <exception cref="QueueFullException">Too much waits; nothing was entered.</exception>
    /// <exception cref="NotWrittenException">The disk does not take it; nothing was entered.</exception>
    /// <exception cref="NodeStoppedException">The node has stopped.</exception>
    public async Task<bool> NoteAlertAsync(AlertNote note)
    {
        ArgumentNullException.ThrowIfNull(note);
        var told = new OwnEvent(SystemActions.Alert, "audit", "other", ("log", note.Log), note.Data) { Id = note.Id, Time = note.Time, Message = note.Message, Tenant = Tenant.OfLog(note.Log) };
        return await EnterAsync(LogName.Alerts, told, Ourselves).ConfigureAwait(false) is [{ Status: AppendStatus.Appended }];
    }

    /// <summary>Enters in <c>_access</c> that rules are asked of entries from here on, in place of those before. Durable when the task completes.</summary>
    /// <param name="sha256">What the rules come to, in hexadecimal digits.</param>
    /// <param name="data">Writes what they are: members of an object.</param>
    /// <param name="caller">Who wants it; null for the node itself, at its start.</param>
    /// <exception cref="QueueFullException">Too much waits; nothing was entered.</exception>
    /// <exception cref="NotWrittenException">The disk does not take it; nothing was entered.</exception>
    /// <exception cref="NodeStoppedException">The node has stopped.</exception>
    /// <exception cref="StorageException">The same, where the node itself wants it.</exception>
    public Task NoteRulesAsync(string sha256, Action<Utf8JsonWriter> data, AppendCaller? caller) => caller is null
        ? NoteAsync(SystemActions.RulesLoad, ("rules", sha256), data)
        : EnterAsync(LogName.Access, new OwnEvent(SystemActions.RulesLoad, "audit", "update", ("rules", sha256), data), caller);

    /// <summary>Enters in <c>_alerts</c> what somebody does with an alert. Durable when the task completes.</summary>
    /// <param name="note">What it is.</param>
    /// <param name="caller">Who does it.</param>
    /// <exception cref="QueueFullException">Too much waits; nothing was entered.</exception>
    /// <exception cref="NotWrittenException">The disk does not take it; nothing was entered.</exception>
    /// <exception cref="NodeStoppedException">The node has stopped.</exception>
    public Task NoteAlertStepAsync(AlertStepNote note, AppendCaller caller)
    {
        ArgumentNullException.ThrowIfNull(note);
        ArgumentNullException.ThrowIfNull(caller);
        var told = new OwnEvent(AlertSteps.ActionOf(note.Step), "audit", "update", note.Target, note.Data) { Tenant = note.Tenant, Reason = note.Text };
        return EnterAsync(LogName.Alerts, told, caller);
    }

    /// <summary>Enters an alert that somebody is about to break the glass.</summary>
    internal Task NoteBreakGlassAsync(string keyId, string reason, AppendCaller caller) =>
        EnterAsync(LogName.Alerts, new OwnEvent(SystemActions.BreakGlass, "audit", "enable", ("api_key", keyId), data => data.WriteString("severity", "critical")) { Reason = reason }, caller);

    /// <summary>Writes an entry of one of our own logs about this node itself.</summary>
    private async Task NoteAsync(string action, (string Type, string Id) target, Action<Utf8JsonWriter> data, string log = LogName.Access, string outcome = "success")
    {
        try
        {
            await EnterAsync(log, new OwnEvent(action, "system", "other", target, data) { Outcome = outcome }, Ourselves).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NotWrittenException or NodeStoppedException && e.InnerException is IOException)
        {
            throw new StorageException(e.InnerException!.Message, (e.InnerException as StorageException)?.Outcome ?? StorageOutcome.Unknown, e);
        }
    }

    private async Task<IReadOnlyList<AppendedEvent>> EnterAsync(string log, OwnEvent told, AppendCaller caller)
    {
        if (FindCurrent(log) is { } own)
        {
            Claim claim = _own.ClaimOf(told, caller, System.Principals.GetValueOrDefault(caller.Principal));
            Task<AppendResult> append = AppendAsync(own, [claim], caller with { KeyId = "" }, AppendOptions.Default, CancellationToken.None);
            await SettleAsync(append).ConfigureAwait(false);
            return (await append.ConfigureAwait(false)).Events;
        }

        return [];
    }

    /// <summary>Appends an entry that the node itself vouches for, with who asked for it as its actor.</summary>
    /// <returns>Its index; it is durable.</returns>
    private async Task<long> EnterOwnAsync(LogReader log, string action, (string Type, string Id) target, AppendCaller caller, Action<Utf8JsonWriter> data)
    {
        bool configures = log.Settings.Name == _settings.SystemLog;
        if (configures)
        {
            await _configuring.WaitAsync().ConfigureAwait(false);
        }

        try
        {
            var told = new OwnEvent(action, "config", "update", target, data) { Tenant = target.Type == "log" ? Tenant.OfLog(target.Id) : null };
            Claim claim = _own.ClaimOf(told, caller, System.Principals.GetValueOrDefault(caller.Principal));
            Task<AppendResult> append = AppendAsync(log, [claim], Ourselves, AppendOptions.Ours, CancellationToken.None);
            await SettleAsync(append).ConfigureAwait(false);
            return (await append.ConfigureAwait(false)).Events[0].Index;
        }
        finally
        {
            if (configures)
            {
                _configuring.Release();
            }
        }
    }

    private async Task<LogReader> CreateLogCoreAsync(
        string name, bool isPublic, ImmutableArray<string> personalPointers, AppendCaller caller, CancellationToken cancellationToken)
    {
        await _configuring.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            RulesFor(caller).RequireOver(name);
            if (_logs.ContainsKey(name) || System.Logs.ContainsKey(name))
            {
                throw new ConfigurationConflictException($"There is a log {name} already.");
            }

            if (_logs.Count >= EngineLimits.Logs)
            {
                throw new ConfigurationConflictException($"This node has {EngineLimits.Logs} logs, as many as it may.");
            }

            // Key, recorded head, entry, in this order: after a crash between them the log does not exist, and making it again finds
            // the key and the head that are there.
            LogState state = NewState(name);
            using Ed25519NoteSigner signer = _keys.OpenOrCreate(name, state.Origin);
            IReadOnlyDictionary<string, ReadOnlyMemory<byte>> heads = _checkpoints.Load();
            if (!heads.ContainsKey(state.Origin))
            {
                SignFirst(state.Origin, signer);
                heads = _checkpoints.Load();
            }

            await EnterChangeAsync(caller, new SystemChange(SystemActions.LogCreate, "create", ("log", name), Tenant.OfLog(name), data =>
            {
                data.WriteString("name", name);
                data.WriteString("origin", state.Origin);
                data.WriteString("vkey", signer.VerifierKey.ToString());
                data.WriteBoolean("public", isPublic);
                WritePersonal(data, personalPointers);
            }), cancellationToken).ConfigureAwait(false);
            Adopt(state, heads);
            return _logs[name];
        }
        finally
        {
            _configuring.Release();
        }
    }

    /// <summary>Changes the configuration by one entry of <c>_system</c>; when the task completes the fold has it.</summary>
    /// <param name="by">Who asks for it.</param>
    /// <param name="decide">Says what to enter, or null for nothing, by rules of the state that the entry will extend; what it throws is thrown.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    internal async Task ConfigureAsync(AppendCaller by, Func<AdministrationRules, SystemChange?> decide, CancellationToken cancellationToken)
    {
        await _configuring.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (decide(RulesFor(by)) is { } change)
            {
                await EnterChangeAsync(change.By ?? by, change, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _configuring.Release();
        }
    }

    private AdministrationRules RulesFor(AppendCaller by) => new(_authorities, by, _logs.ContainsKey, _time.GetUtcNow());

    private async Task EnterChangeAsync(AppendCaller by, SystemChange change, CancellationToken cancellationToken)
    {
        var told = new OwnEvent(change.Action, "config", change.Operation, change.Target, change.Data) { Tenant = change.Tenant, Reason = change.Reason };
        Claim claim = _own.ClaimOf(told, by, System.Principals.GetValueOrDefault(by.Principal));

        // The rules were asked under the lock; the sequencer's check is for those who append events.
        AppendCaller inside = by with { KeyId = "" };
        // Not cancellable: what the entry configures must be in service when it is in the log, whether or not the caller still waits.
        cancellationToken.ThrowIfCancellationRequested();
        await SettleAsync(AppendAsync(_logs[_settings.SystemLog], [claim], inside, AppendOptions.Default, CancellationToken.None)).ConfigureAwait(false);
    }

    /// <summary>Runs <paramref name="work"/> in the sequencer's loop, which waits for it: for tests of what a busy node says.</summary>
    internal Task RunInLoopAsync(Action work) => _sequencer.RunInLoopAsync(work);

    private bool MayStillAppend(AppendCaller caller, LogState log)
    {
        DateTimeOffset now = _time.GetUtcNow();
        return _authorities.Of(caller, now)?.On(log.Name, now).Rights.HasFlag(Rights.Append) ?? false;
    }

    private void OnChanged(LogState log)
    {
        if (Changed is { } changed && _logs.TryGetValue(log.Name, out LogReader? reader))
        {
            changed(reader);
        }
    }

    private void OnApplied(LogState log, long index, ReadOnlyMemory<byte> entry)
    {
        if (log.Name == _settings.SystemLog)
        {
            _authorities = new Authorities(SystemFold.Apply(System, _systemBegins + index, entry));
        }
    }

    [LoggerMessage(1003, LogLevel.Information, "What is known of the sources of log {Log} is made anew from {Entries} entries")]
    private partial void LogFoldingSources(string log, long entries);

    [LoggerMessage(1004, LogLevel.Error, "The view of the sources of log {Log} lacks entries that cannot be read: {Why}")]
    private partial void LogSourcesUnread(string log, string why);

    [LoggerMessage(1005, LogLevel.Warning, "What is known of the sources of log {Log} could not be kept in a file; the next start reads more: {Why}")]
    private partial void LogSourcesNotKept(string log, string why);

    [LoggerMessage(1002, LogLevel.Warning, "The folder seems to be a copy of another, and is served from now on because that was asked for: {Doubt}")]
    private partial void LogCopyAccepted(string doubt);

    [LoggerMessage(1001, LogLevel.Warning, "Recovery put a torn end of the {Part} aside: {Bytes} bytes in {Path}, SHA-256 {Sha256}. It was never acknowledged")]
    private partial void LogTornTail(string part, string path, long bytes, string sha256);
}

/// <summary>A log that a restore finishes.</summary>
/// <param name="Vkey">Its key.</param>
/// <param name="Checkpoint">The last signed checkpoint that what was restored makes.</param>
/// <param name="Successor">The log that is to go on in its place.</param>
internal sealed record FinishedLog(string Vkey, string Checkpoint, string Successor);

/// <summary>A folder that has just been made.</summary>
/// <param name="Settings">What it is.</param>
/// <param name="Logs">Its logs.</param>
/// <param name="AdminKey">The administrator's key, shown this once.</param>
public sealed record InitialisedFolder(FolderSettings Settings, IReadOnlyList<LogSettings> Logs, string AdminKey);

/// <summary>How events are appended.</summary>
/// <param name="Partial">Whether conflicting events are refused alone; otherwise one refuses the request.</param>
/// <param name="OriginalInClear">Whether <c>data.original</c> is not encrypted. What is written in clear can never be erased.</param>
public sealed record AppendOptions(bool Partial = false, bool OriginalInClear = false)
{
    /// <summary>Atomic, originals encrypted.</summary>
    public static AppendOptions Default { get; } = new();

    /// <summary>Of an entry that verifiers have to read: what a log's own configuration encrypts stays in clear.</summary>
    internal static AppendOptions Ours { get; } = new() { IsOurs = true };

    internal bool IsOurs { get; private init; }
}

/// <summary>A change of configuration contradicts what is there: nothing was changed.</summary>
public sealed class ConfigurationConflictException(string message) : Exception(message);
