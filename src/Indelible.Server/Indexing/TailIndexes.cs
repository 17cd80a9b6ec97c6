using Indelible.Search;

namespace Indelible.Server.Indexing;

/// <summary>The indexes of entries that are in no index file yet: they grow with the logs, within one budget of memory. The indexing thread's.</summary>
/// <param name="thread">That thread.</param>
/// <param name="memory">The budget.</param>
/// <param name="segments">Where chunks go that are full and sealed.</param>
/// <param name="personal">Personal indexes that searches have opened.</param>
/// <param name="reports">What operators are told.</param>
/// <param name="follow">Has a log looked at again.</param>
internal sealed class TailIndexes(StepThread thread, IndexMemory memory, SegmentIndexes segments, PersonalIndexes personal, IndexReports reports, Action<LogIndex> follow)
{
    private readonly Queue<LogIndex> _personalBehind = new();

    /// <summary>Takes a bounded part of what a log has grown by: entries into memory, sealed chunks into files. What fails is tried again later.</summary>
    public void Follow(LogIndex log) => Attempt(log, () =>
    {
        if (!log.IsOpened)
        {
            segments.Open(log);
        }

        bool isAsked = log.TakeAsked();
        log.IsLacking = false;
        if (isAsked)
        {
            TakeUpAgain(log);
        }

        TakeEntries(log);
        segments.Take(log);
        KeepWithin(log);
        NoteLacking(log);
        if (log.Next < log.Log.Size)
        {
            follow(log);
        }
        else
        {
            QueuePersonal(log);
        }
    });

    /// <summary>Brings personal indexes up to the public ones: a bounded part of one log.</summary>
    /// <returns>Whether there was any.</returns>
    public bool FollowPersonal()
    {
        if (!_personalBehind.TryDequeue(out LogIndex? log))
        {
            return false;
        }

        log.IsPersonalQueued = false;
        Attempt(log, () =>
        {
            if (log.InMemory.Find(chunk => chunk.IsPersonalBehind) is { } chunk)
            {
                TakePersonal(log, chunk);
                log.Renew();
                segments.TryFinish(log, chunk);
                KeepWithin(log);
                NoteLacking(log);
                QueuePersonal(log);
            }
        });
        return true;
    }

    /// <summary>Gives up every personal index of a log, in memory and on disk, and makes none until <see cref="RemakePersonal"/>.</summary>
    /// <exception cref="IOException">The files could not be deleted. They are made anew.</exception>
    public void GiveUpPersonal(LogIndex log)
    {
        log.Erasures++;
        segments.AbandonPersonal(log);
        foreach (Chunk chunk in log.Chunks.Values)
        {
            chunk.HasPersonalFile = false;
            chunk.IsPersonalWanted = false;
            if (chunk.Personal is not null)
            {
                log.BeginPersonal(chunk, withPersonal: false);
            }
        }

        memory.Count(log);
        try
        {
            // The files first: a search that is reading one now is noticed below and does not keep it, a later one finds none.
            log.Files.DeletePersonal();
            personal.Remove(log);
        }
        catch
        {
            RemakePersonal(log);
            throw;
        }
    }

    /// <summary>Makes personal indexes again.</summary>
    public void RemakePersonal(LogIndex log)
    {
        if (--log.Erasures > 0)
        {
            return;
        }

        foreach (Chunk chunk in log.Chunks.Values)
        {
            if (chunk.Builder is not null)
            {
                log.BeginPersonal(chunk, withPersonal: true);
            }
            else if (chunk.First < log.KnownSealed)
            {
                segments.WantPersonal(log, chunk);
            }
        }

        QueuePersonal(log);
    }

    private static void TakePersonal(LogIndex log, Chunk chunk)
    {
        PersonalIndexBuilder builder = chunk.Personal!;
        long end = chunk.First + chunk.Builder!.Rows;
        for (int left = ServerLimits.IndexStepEntries; left > 0 && chunk.First + builder.Rows < end;)
        {
            foreach (ReadOnlyMemory<byte> entry in log.Log.ReadEntries(chunk.First + builder.Rows, end))
            {
                ChunkMaking.Append(builder, entry, log.Decrypt);
                left--;
            }
        }
    }

    /// <summary>Whether something would be indexed again if the log were asked.</summary>
    private static void NoteLacking(LogIndex log) =>
        log.IsLacking = FirstLeftOut(log) < log.Log.Size || (log.Erasures == 0 && log.InMemory.Exists(chunk => chunk.Personal is null && chunk.First >= log.PersonalTooLargeBelow));

    /// <summary>Where the first chunk begins that is not sealed and was left out of memory, though it could be there; beyond everything where there is none.</summary>
    private static long FirstLeftOut(LogIndex log)
    {
        long first = Math.Max(log.KnownSealed, log.TooLargeBelow + log.SegmentSize - 1);
        first -= first % log.SegmentSize;
        while (first < log.Next && log.Chunks.TryGetValue(first, out Chunk? chunk) && chunk.Builder is not null)
        {
            first += log.SegmentSize;
        }

        return first < log.Next ? first : long.MaxValue;
    }

    private static void TakeUpAgain(LogIndex log)
    {
        log.Next = Math.Min(log.Next, FirstLeftOut(log));
        foreach (Chunk chunk in log.InMemory.Where(chunk => chunk.Personal is null && chunk.First >= log.PersonalTooLargeBelow && log.Erasures == 0))
        {
            log.BeginPersonal(chunk, withPersonal: true);
        }
    }

    private void Attempt(LogIndex log, Action work)
    {
        if (log.NotBefore > reports.Now)
        {
            return;
        }

        try
        {
            work();
            log.Failures = 0;
        }
        catch (Exception e)
        {
            if (e is not IOException)
            {
                // The rows in memory may not be those of the entries any more.
                LeaveMemory(log);
                log.Next = log.KnownSealed;
            }

            log.NotBefore = reports.PutOff(log, ++log.Failures, e);
            thread.Later(log.NotBefore, () => follow(log));
        }
    }

    private void TakeEntries(LogIndex log)
    {
        long size = log.Log.Size;
        for (int left = ServerLimits.IndexStepEntries; left > 0 && log.Next < size;)
        {
            long first = log.Next - (log.Next % log.SegmentSize);
            Chunk chunk = log.ChunkAt(first);
            if (chunk.Builder is null && !MayBegin(log, chunk))
            {
                log.Next = first + log.SegmentSize;
                continue;
            }

            if (chunk.Builder is null)
            {
                log.Begin(chunk, withPersonal: log.Erasures == 0);
            }

            log.Next = first + chunk.Builder!.Rows;
            long end = Math.Min(size, first + log.SegmentSize);
            if (log.Next < end)
            {
                foreach (ReadOnlyMemory<byte> entry in log.Log.ReadEntries(log.Next, end))
                {
                    chunk.Builder.Append(entry.Span);
                    log.Next++;
                    left--;
                }
            }

            KeepWithin(log);
        }

        log.Renew();
    }

    /// <summary>Whether a chunk is to be in memory: from its beginning on, and of a log that nobody has used yet only while there is room.</summary>
    private bool MayBegin(LogIndex log, Chunk chunk) =>
        log.Next == chunk.First && !chunk.HasFile && chunk.First >= log.TooLargeBelow && (log.UsedAt > 0 || memory.HasRoom);

    private void QueuePersonal(LogIndex log)
    {
        if (!log.IsPersonalQueued && log.InMemory.Exists(chunk => chunk.IsPersonalBehind))
        {
            log.IsPersonalQueued = true;
            _personalBehind.Enqueue(log);
        }
    }

    /// <summary>Has logs give up what is in memory until all is within the budget.</summary>
    private void KeepWithin(LogIndex current)
    {
        memory.Count(current);
        while (memory.NextToGiveUp(current) is { } log)
        {
            if (log.InMemory.Exists(chunk => chunk.Personal is not null))
            {
                log.PersonalTooLargeBelow = memory.IsAlone(log) ? log.InMemory[^1].First + 1 : log.PersonalTooLargeBelow;
                log.InMemory.ForEach(chunk => log.BeginPersonal(chunk, withPersonal: false));
            }
            else
            {
                log.TooLargeBelow = memory.IsAlone(log) ? log.InMemory[^1].First + 1 : log.TooLargeBelow;
                LeaveMemory(log);
            }

            memory.Count(log);
            NoteLacking(log);
        }
    }

    /// <summary>Gives up all that a log has in memory.</summary>
    private void LeaveMemory(LogIndex log)
    {
        reports.Left(log.Name, log.InMemory.Sum(chunk => (long)chunk.Builder!.Rows));
        foreach (Chunk chunk in log.InMemory.ToArray())
        {
            segments.LeaveMemory(log, chunk);
        }

        long rest = log.Next % log.SegmentSize;
        log.Next += rest == 0 ? 0 : log.SegmentSize - rest;
        memory.Count(log);
    }
}
