using System.Text;

namespace Indelible.Client.Recording.Spooling;

/// <summary>Numbers this process's events and makes them durable: one write and one sync for all that wait. Thread-safe.</summary>
/// <remarks>
/// Callers add their frame to the group that fills up while the last one is being synced. A thread of its own writes, because a sync
/// blocks, for seconds on a bad day, and a pool's thread must not. A file whose sync has failed is never written again.
/// </remarks>
internal sealed class SpoolWriter : IDisposable
{
    private const int FirstBufferBytes = 16 * 1024;

    // What may wait in memory for the disk; beyond it callers wait for the group ahead.
    private const int MostGroupBytes = 2 * 1024 * 1024;
    private const long MostFileBytes = 16 * 1024 * 1024;
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(50);

    private readonly string _folder;
    private const int CompanyEvents = 3;
    private const int FullGroupEvents = 256;
    private const int MostStreamName = 64;
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(1);
    private const int MostTailBytes = 320;
    private readonly byte[] _producer;
    private readonly long _limit;
    private readonly long _fileBytes;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly ManualResetEventSlim _stop = new();

    // Owned by _gate.
    private SyncGroup _group = new(new byte[FirstBufferBytes]);
    private SyncGroup? _writing;
    private long _sequence;
    private long _used;
    private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Owned by the thread.
    private FileStream? _file;
    private Guid _fileId;
    private long _number;
    private long _end;
    private byte[] _first = [];
    private byte[] _spare = new byte[FirstBufferBytes];

    private SpoolPosition _durable;
    private volatile bool _settledAll;

    /// <summary>A writer into a folder that this process has locked.</summary>
    /// <param name="folder">The folder; empty of spool files.</param>
    /// <param name="stream">The stream's id.</param>
    /// <param name="limit">Bytes that may wait.</param>
    /// <param name="used">Bytes that wait already, in folders taken over.</param>
    /// <param name="patience">How long a group that the disk does not take is tried again.</param>
    /// <param name="time">The clock.</param>
    public SpoolWriter(string folder, string stream, long limit, long used, TimeSpan patience, TimeProvider time)
    {
        _folder = folder;
        _producer = Encoding.UTF8.GetBytes($$""","producer":{"stream_id":"{{stream}}","seq":""");
        _limit = limit;
        _used = used;
        _fileBytes = Math.Min(MostFileBytes, Math.Max(limit / 16, 16 * 1024));
        _patience = patience;
        _time = time;
        _thread = new Thread(Run) { IsBackground = true, Name = "Indelible spool" };
        _thread.Start();
    }

    /// <summary>Called on the writer's thread when something has become durable. Must not wait.</summary>
    public Action? OnDurable { get; set; }

    /// <summary>Called on the writer's thread when the disk has failed, with what it said.</summary>
    public Action<IOException>? OnFailure { get; set; }

    /// <summary>Called when a group is given up.</summary>
    public Action<SyncGroup>? OnLost { get; set; }

    /// <summary>Up to where events are durable.</summary>
    public SpoolPosition Durable
    {
        get
        {
            lock (_gate)
            {
                return _durable;
            }
        }
    }

    /// <summary>Completed when everything that was added is durable or given up.</summary>
    public Task Pending
    {
        get
        {
            lock (_gate)
            {
                return _group.Count > 0 ? _group.Done : _writing?.Done ?? Task.CompletedTask;
            }
        }
    }

    /// <summary>The highest number issued.</summary>
    public long Highest => Interlocked.Read(ref _sequence);

    /// <summary>Bytes that wait, here and in folders taken over.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <summary>Completed when room is made next.</summary>
    public Task Room
    {
        get
        {
            lock (_gate)
            {
                return _room.Task;
            }
        }
    }

    /// <summary>Issues a number to an event that does not pass through the spool.</summary>
    public long NextSequence() => Interlocked.Increment(ref _sequence);

    /// <summary>Adds an event.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="json">The event, canonical, without <c>producer</c>.</param>
    /// <param name="mark">What it states about the stream besides its number.</param>
    /// <param name="reserve">Bytes beyond the limit that it may use: our own events must be told even when there is no room.</param>
    /// <returns>The group whose sync makes it durable; null where there is no room, and then no number was issued.</returns>
    public SyncGroup? TryAdd(string id, ReadOnlySpan<byte> json, in StreamMark mark, int reserve)
    {
        Span<byte> idBytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(id.Length)];
        idBytes = idBytes[..Encoding.UTF8.GetBytes(id, idBytes)];
        Span<byte> tail = stackalloc byte[MostTailBytes];
        lock (_gate)
        {
            if (_used + json.Length + tail.Length > _limit + reserve)
            {
                return null;
            }

            // Numbered under the gate, so that the order in the file is the order of the numbers.
            long sequence = Interlocked.Increment(ref _sequence);
            int tailBytes = WriteTail(tail, sequence, in mark);
            AddFrame(sequence, idBytes, json[..^1], tail[..tailBytes]);
            return _group;
        }
    }

    /// <summary>Adds an event that has its number already.</summary>
    /// <inheritdoc cref="TryAdd" path="/returns"/>
    public SyncGroup? TryAddNumbered(string id, ReadOnlySpan<byte> json, long sequence, int reserve = 0)
    {
        byte[] idBytes = Encoding.UTF8.GetBytes(id);
        lock (_gate)
        {
            if (_used + json.Length > _limit + reserve)
            {
                return null;
            }

            AddFrame(sequence, idBytes, json, []);
            return _group;
        }
    }

    /// <summary>The event with its number in it, for one that does not pass through the spool.</summary>
    public byte[] WithProducer(ReadOnlySpan<byte> json, long sequence)
    {
        Span<byte> tail = stackalloc byte[MostTailBytes];
        tail = tail[..WriteTail(tail, sequence, default)];
        byte[] whole = new byte[json.Length - 1 + tail.Length];
        json[..^1].CopyTo(whole);
        tail.CopyTo(whole.AsSpan(json.Length - 1));
        return whole;
    }

    /// <summary>Whether the group that fills up has room in memory; else its <see cref="SyncGroup.Done"/> is to be awaited first.</summary>
    public bool HasMemory(out Task wait)
    {
        lock (_gate)
        {
            wait = _group.Done;
            return _group.Bytes < MostGroupBytes;
        }
    }

    /// <summary>Gives room back.</summary>
    /// <param name="bytes">Bytes that no longer wait.</param>
    /// <param name="settledAll">Whether nothing that is durable waits any more: then the file may be left behind.</param>
    public void Release(long bytes, bool settledAll)
    {
        TaskCompletionSource made;
        lock (_gate)
        {
            Interlocked.Add(ref _used, -bytes);
            _settledAll = settledAll;
            made = _room;
            _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        made.SetResult();
    }

    /// <summary>Counts bytes of a folder taken over.</summary>
    public void Adopt(long bytes) => Interlocked.Add(ref _used, bytes);

    /// <summary>Makes durable what was added, and ends.</summary>
    public void Dispose()
    {
        if (!_stop.IsSet)
        {
            _stop.Set();
            _wake.Set();
            _thread.Join();
            _file?.Dispose();
            _wake.Dispose();
        }
    }

    private int WriteTail(Span<byte> tail, long sequence, in StreamMark mark)
    {
        int at = Put(tail, 0, _producer);
        at = PutNumber(tail, at, sequence);
        if (mark.Previous is { Stream.Length: > 0 and <= MostStreamName } previous)
        {
            at = Put(tail, at, ",\"previous_stream\":\""u8);
            at += Encoding.UTF8.GetBytes(previous.Stream, tail[at..]);
            at = Put(tail, at, "\",\"previous_seq\":"u8);
            at = PutNumber(tail, at, previous.Last);
        }

        if (mark.StatesHighest)
        {
            at = Put(tail, at, ",\"highest\":"u8);
            at = PutNumber(tail, at, sequence);
        }

        return Put(tail, at, mark.IsLast ? ",\"end\":true}}"u8 : "}}"u8);
    }

    private static int Put(Span<byte> tail, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(tail[at..]);
        return at + text.Length;
    }

    private static int PutNumber(Span<byte> tail, int at, long number)
    {
        System.Buffers.Text.Utf8Formatter.TryFormat(number, tail[at..], out int digits);
        return at + digits;
    }

    private void AddFrame(long sequence, ReadOnlySpan<byte> id, ReadOnlySpan<byte> json, ReadOnlySpan<byte> tail)
    {
        int frameBytes = SpoolFrame.SizeOf(id.Length, json.Length + tail.Length);
        bool wasEmpty = _group.Count == 0;
        Span<byte> to = SpoolFrame.Begin(_group.Take(frameBytes, sequence), sequence, id);
        json.CopyTo(to);
        tail.CopyTo(to[json.Length..]);
        Interlocked.Add(ref _used, frameBytes);
        if (wasEmpty)
        {
            _wake.Set();
        }
    }

    private void Run()
    {
        int before = 0;   // events in the group before
        while (true)
        {
            // A sync costs as much for one event as for many. Who comes alone never waits for company.
            if (before >= CompanyEvents && _group.Count is > 0 and < FullGroupEvents)
            {
                _stop.Wait(s_gather);
            }

            SyncGroup group;
            lock (_gate)
            {
                group = _group;
                if (group.Count > 0)
                {
                    _group = new SyncGroup(_spare);
                    _writing = group;
                }
            }

            if (group.Count > 0)
            {
                WriteGroup(group);
                before = group.Count;
                _spare = group.Buffer;   // One fills up while the other is written; neither is garbage.
            }
            else if (_stop.IsSet)
            {
                return;
            }
            else
            {
                _wake.WaitOne();
            }
        }
    }

    /// <summary>Writes until the disk takes it or patience ends.</summary>
    private void WriteGroup(SyncGroup group)
    {
        long started = _time.GetTimestamp();
        while (true)
        {
            (SpoolOutcome outcome, IOException? failure) = TryWrite(group);
            if (outcome == SpoolOutcome.Durable)
            {
                group.Complete(outcome);
                OnDurable?.Invoke();
                return;
            }

            OnFailure?.Invoke(failure!);
            if (_time.GetElapsedTime(started) >= _patience || _stop.Wait(s_retry))
            {
                // What may lie on the disk all the same is sent if it does, under its ids: it happened.
                OnLost?.Invoke(group);
                Release(group.Bytes, settledAll: false);
                group.Complete(outcome, failure);
                return;
            }
        }
    }

    private (SpoolOutcome Outcome, IOException? Failure) TryWrite(SyncGroup group)
    {
        try
        {
            if (_file is null || _end >= _fileBytes || (_settledAll && _end >= _fileBytes / 8))
            {
                Begin();
            }

            SpoolFrame.Seal(group.Frames.Span, _fileId);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Abandon();
            return (SpoolOutcome.NotWritten, e as IOException ?? new IOException(e.Message, e));
        }

        try
        {
            // A file's first write brings its header: a file that is there has one.
            Span<byte> bytes = _first.Length == 0 ? group.Frames.Span : [.. _first, .. group.Frames.Span];
            SpoolDisk.Write(_file!.SafeFileHandle, bytes, _first.Length == 0 ? _end : 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (TakeBack() ? SpoolOutcome.NotWritten : SpoolOutcome.Unknown, e as IOException ?? new IOException(e.Message, e));
        }

        try
        {
            SpoolDisk.Sync(_file.SafeFileHandle);
            if (_first.Length > 0)
            {
                SpoolDisk.SyncFolder(_folder);
                _first = [];
            }
        }
        catch (IOException e)
        {
            Abandon();
            return (SpoolOutcome.Unknown, e);
        }

        _end += group.Bytes;
        lock (_gate)
        {
            _durable = new SpoolPosition(_number, _end);
            _settledAll = false;
        }

        return (SpoolOutcome.Durable, null);
    }

    private void Begin()
    {
        _file?.Dispose();
        _file = null;
        _file = SpoolDisk.Open(SpoolReader.PathOf(_folder, _number + 1), FileMode.CreateNew, FileAccess.ReadWrite);
        _number++;
        _fileId = Guid.CreateVersion7(_time.GetUtcNow());
        _first = new byte[SpoolFrame.FileHeaderBytes];
        SpoolFrame.WriteFileHeader(_first, _fileId);
        _end = SpoolFrame.FileHeaderBytes;
    }

    /// <summary>Cuts off what a failed write left.</summary>
    private bool TakeBack()
    {
        try
        {
            RandomAccess.SetLength(_file!.SafeFileHandle, _first.Length == 0 ? _end : 0);
            return true;
        }
        catch (IOException)
        {
            Abandon();
            return false;
        }
    }

    private void Abandon()
    {
        _file?.Dispose();
        _file = null;
    }
}
