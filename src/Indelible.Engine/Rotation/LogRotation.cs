using System.Collections.Immutable;
using System.Text.Json;
using Indelible.Engine.Configuration;
using Indelible.Engine.Privacy;
using Indelible.Engine.Publishing;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Rotation;
using Microsoft.Extensions.Logging;

namespace Indelible.Engine.Rotation;

/// <summary>Rotates the keys of logs. Our own construction C.</summary>
/// <remarks>
/// <para>The order is the design. After a crash between any two steps a start goes on from what it finds:</para>
/// <list type="number">
/// <item>The next key is made and durable, beside the one in use. <i>A crash here:</i> a key that nobody knows lies there; the next rotation writes over it.</item>
/// <item>The log's heads are held: none is signed before the one that hands over.</item>
/// <item>The configuration learns of both keys, and how large the log is. <i>From here on the rotation is finished by whoever starts the node.</i></item>
/// <item>The log itself gets the entry that announces the key, unless a start finds it there. (For <c>_system</c> this and the one before are one entry.)</item>
/// <item>The publisher signs one head with both keys and swaps it into the checkpoint store, with the list of handovers, in one round. <b>The point of no return:</b> the next key signs, the old one nothing more.</item>
/// <item>The old key's file is overwritten and its name goes to the next key. <i>A crash here:</i> a start that finds the handover recorded and the next key beside does this first.</item>
/// </list>
/// <para>
/// Before the point of no return a rotation that cannot go on (no room, say) lets the log's heads go again, and the next call or start takes it
/// up; save where the announcing entry is in the log, above which the old key alone signs nothing. If the next key's file is lost before the handover,
/// another is made and announced.
/// </para>
/// <para>One rotation at a time. Its task goes on when its caller has gone; <see cref="DrainAsync"/> waits for it.</para>
/// </remarks>
internal sealed partial class LogRotation(KeyStore keys, Publisher publisher, ILogger<LogRotation> logger) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly ILogger _logger = logger;
    private readonly Lock _lock = new();
    private readonly List<Task> _running = [];   // under _lock

    /// <summary>Appends an entry of the node's own, with its actor; its index when it is durable.</summary>
    public required Func<LogReader, string, (string Type, string Id), AppendCaller, Action<Utf8JsonWriter>, Task<long>> Enter { get; init; }

    /// <summary>The log that configuration is entered in.</summary>
    public required Func<LogReader> SystemLog { get; init; }

    /// <summary>The configuration as it is now.</summary>
    public required Func<SystemState> System { get; init; }

    /// <summary>Whether the publisher's turns are taken here and by nobody else.</summary>
    public required bool IsStepped { get; init; }

    /// <summary>Opens the key that a log's heads are signed with, finishing a rotation whose handover is recorded.</summary>
    /// <param name="name">The log's name.</param>
    /// <param name="origin">Its origin.</param>
    /// <param name="handovers">Its handovers as recorded.</param>
    /// <exception cref="StorageException">The key is missing or altered, or is one that handed the log over: it signs nothing any more.</exception>
    public Ed25519NoteSigner Open(string name, string origin, ReadOnlyMemory<byte> handovers)
    {
        if (handovers.IsEmpty)
        {
            return keys.Open(name, origin);
        }

        VerifierKey current = CurrentOf(name, handovers.Span);
        Ed25519NoteSigner? next = keys.TryOpenNext(name, origin);
        if (next?.VerifierKey == current)
        {
            keys.Advance(name);
            LogFinished(name, current.ToString());
            return next;
        }

        next?.Dispose();
        Ed25519NoteSigner signer = keys.Open(name, origin);
        if (signer.VerifierKey == current)
        {
            return signer;
        }

        string found = signer.VerifierKey.ToString();
        signer.Dispose();
        throw new StorageException($"Log {name} was handed over to the key {current}, but the folder has {found}, which signs nothing any more.", StorageOutcome.Damaged);
    }

    /// <summary>Holds the heads of a log whose rotation was under way when the node before ended; <see cref="ResumeAsync"/> takes it up.</summary>
    public void Hold(string log, PublishedLog published)
    {
        if (AnnouncedBy(log, published.Vkey) is not null)
        {
            published.Handover = new PendingHandover(null);
        }
    }

    /// <summary>Takes up the rotations that the node before left.</summary>
    /// <param name="logs">The node's logs.</param>
    /// <param name="ourselves">The node, as an author.</param>
    public void Resume(IEnumerable<LogReader> logs, AppendCaller ourselves)
    {
        foreach (LogReader log in logs.Where(log => log.Published.Handover is not null).OrderBy(log => log.Settings.Name, StringComparer.Ordinal))
        {
            _ = Track(ResumeAsync(log, ourselves));
        }
    }

    /// <summary>Rotates a log's key.</summary>
    /// <param name="log">The log; not finished by a restore.</param>
    /// <param name="caller">Who asks.</param>
    public Task<KeyRotated> RotateAsync(LogReader log, AppendCaller caller) => Track(RunAsync(log, caller));

    /// <summary>Waits until no rotation is under way. The publisher has ended.</summary>
    /// <param name="logs">The node's logs.</param>
    public async Task DrainAsync(IEnumerable<LogReader> logs)
    {
        foreach (LogReader log in logs)
        {
            log.Published.Handover?.Fail(new StorageException($"The node stopped; the rotation of the key of {log.Settings.Name} is finished by the next start.", StorageOutcome.Unknown));
        }

        Task[] running;
        lock (_lock)
        {
            running = [.. _running];
        }

        await Task.WhenAll(running).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    /// <summary>The key that a recorded list of handovers ends with.</summary>
    private static VerifierKey CurrentOf(string name, ReadOnlySpan<byte> handovers)
    {
        try
        {
            return VerifiedHandover.Verify(HandoverList.Parse(handovers)[^1], NoteVerifiers.OfLog).New;
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            throw new StorageException($"The recorded handovers of log {name} are damaged: {e.Message}", StorageOutcome.Damaged, e);
        }
    }

    /// <summary>Writes what an entry says that announces a key.</summary>
    private static void Write(Utf8JsonWriter data, LogReader log, VerifierKey next, long size)
    {
        data.WriteString("log", log.Settings.Name);
        data.WriteString("origin", log.Settings.Origin);
        data.WriteString("old_vkey", log.Settings.Vkey);
        data.WriteString("new_vkey", next.ToString());
        data.WriteNumber("size", size);
    }

    private async Task ResumeAsync(LogReader log, AppendCaller ourselves)
    {
        try
        {
            LogResumed(log.Settings.Name);
            await RunAsync(log, ourselves).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The log takes entries and shows no new head until this is finished: /readyz says so, and another call or start tries again.
            LogNotResumed(log.Settings.Name, e);
        }
    }

    private async Task<KeyRotated> RunAsync(LogReader log, AppendCaller caller)
    {
        await _one.WaitAsync().ConfigureAwait(false);
        try
        {
            if (log.Published.Handovers is { } known && HandoverList.Parse(known).Count >= HandoverList.MaxCount)
            {
                throw new ConfigurationConflictException($"The key of log {log.Settings.Name} was rotated {HandoverList.MaxCount} times, as often as it may be.");
            }

            return await RunOneAsync(log, caller).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<KeyRotated> RunOneAsync(LogReader log, AppendCaller caller)
    {
        PublishedLog published = log.Published;
        string name = log.Settings.Name;
        string old = published.Vkey;
        AnnouncedKey? announced = AnnouncedBy(name, old);
        Ed25519NoteSigner? next = announced is null ? null : keys.TryOpenNext(name, log.Settings.Origin);
        if (next is not null && next.VerifierKey.ToString() != announced!.NewVkey)
        {
            next.Dispose();
            next = null;
        }

        announced = next is null ? null : announced;
        next ??= keys.CreateNext(name, log.Settings.Origin);
        PendingHandover? held = published.Handover;
        var handover = new PendingHandover(next);
        try
        {
            await publisher.HoldAsync(published, handover).ConfigureAwait(false);
            handover.Index = await AnnounceAsync(log, announced, next.VerifierKey, caller).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Nothing above the entry is signed by the old key alone: where it may be in the log, the heads stay held, for the next start.
            published.Handover = e is QueueFullException or NotWrittenException ? held : new PendingHandover(null);
            next.Dispose();
            throw;
        }

        NoteSigner? oldSigner = published.Signer;
        await PublishAsync(name, handover).ConfigureAwait(false);
        VerifiedHandover done = await handover.Done.ConfigureAwait(false);
        (oldSigner as IDisposable)?.Dispose();
        LogHandedOver(name, done.Old.ToString(), done.New.ToString(), done.Head.Size);
        return new KeyRotated(old, done.New.ToString(), done.Index, done.Head.Size, Destroy(name));
    }

    private async Task PublishAsync(string name, PendingHandover handover)
    {
        if (!IsStepped)
        {
            publisher.Wake();
            return;
        }

        await publisher.TurnAsync().ConfigureAwait(false);
        if (!handover.Done.IsCompleted)
        {
            throw new StorageException($"The rotation of the key of log {name} is under way, and is finished by a later round or the next start.", StorageOutcome.Unknown);
        }
    }

    /// <summary>Enters the next key in the configuration and in the log, as far as it is not there.</summary>
    /// <returns>The index of the entry in the log.</returns>
    private async Task<long> AnnounceAsync(LogReader log, AnnouncedKey? announced, VerifierKey next, AppendCaller caller)
    {
        if (announced is not null)
        {
            return Find(log, announced) ?? await Enter(log, SystemActions.KeyRotate, Target(log), caller, data => Write(data, log, next, announced.Size)).ConfigureAwait(false);
        }

        long size = log.Size;
        LogReader system = SystemLog();
        long inSystem = await Enter(system, SystemActions.KeyRotate, Target(log), caller, data => Write(data, log, next, size)).ConfigureAwait(false);
        return log == system ? inSystem : await Enter(log, SystemActions.KeyRotate, Target(log), caller, data => Write(data, log, next, size)).ConfigureAwait(false);
    }

    /// <summary>The entry of a log that announces a key, if it is there.</summary>
    private static long? Find(LogReader log, AnnouncedKey announced)
    {
        for (long index = announced.Size; index < log.Size;)
        {
            foreach (ReadOnlyMemory<byte> entry in log.ReadEntries(index, log.Size))
            {
                if (RotationFacts.TryRead(entry, out RotationFacts? facts) && facts.New.ToString() == announced.NewVkey && facts.Old.ToString() == announced.OldVkey)
                {
                    return index;
                }

                index++;
            }
        }

        return null;
    }

    private static (string Type, string Id) Target(LogReader log) => ("log", log.Settings.Name);

    private AnnouncedKey? AnnouncedBy(string log, string vkey) =>
        System().Rotations.GetValueOrDefault(log, ImmutableArray<AnnouncedKey>.Empty).LastOrDefault(announced => announced.OldVkey == vkey);

    /// <summary>Destroys the old key's file. The handover stands whether or not it can be.</summary>
    private bool Destroy(string name)
    {
        try
        {
            keys.Advance(name);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotDestroyed(name, e);
            return false;
        }
    }

    private Task<T> Track<T>(Task<T> task)
    {
        Track((Task)task);
        return task;
    }

    private Task Track(Task task)
    {
        lock (_lock)
        {
            _running.RemoveAll(running => running.IsCompleted);
            _running.Add(task);
        }

        return task;
    }

    [LoggerMessage(1401, LogLevel.Warning, "Log {Log} was handed over from {OldVkey} to {NewVkey} at {Size} entries; tell whoever verifies it")]
    private partial void LogHandedOver(string log, string oldVkey, string newVkey, long size);

    [LoggerMessage(1402, LogLevel.Warning, "The rotation of the key of log {Log}, which was under way when the node ended, goes on")]
    private partial void LogResumed(string log);

    [LoggerMessage(1403, LogLevel.Warning, "The rotation of the key of log {Log} to {NewVkey} was finished: the old key is destroyed")]
    private partial void LogFinished(string log, string newVkey);

    [LoggerMessage(1404, LogLevel.Critical, "The rotation of the key of log {Log} could not go on; its heads are not signed until it does")]
    private partial void LogNotResumed(string log, Exception failure);

    [LoggerMessage(1405, LogLevel.Error, "The old key of log {Log} could not be destroyed; it signs nothing, and the next start destroys it")]
    private partial void LogNotDestroyed(string log, Exception failure);
}
