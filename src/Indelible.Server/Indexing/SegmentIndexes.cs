using Indelible.Search;

namespace Indelible.Server.Indexing;

/// <summary>The indexes of sealed segments: their files are opened, written, and made anew. The indexing thread's.</summary>
/// <param name="thread">That thread.</param>
/// <param name="memory">What chunks take that are in memory.</param>
/// <param name="personal">Personal indexes that searches have opened.</param>
/// <param name="personalKey">What files of personal values are encrypted under.</param>
/// <param name="reports">What operators are told.</param>
/// <param name="follow">Has a log looked at again.</param>
internal sealed class SegmentIndexes(StepThread thread, IndexMemory memory, PersonalIndexes personal, byte[] personalKey, IndexReports reports, Action<LogIndex> follow)
{
    // Wanted files, those of the newest entries of a log first.
    private readonly PriorityQueue<(LogIndex Log, Chunk Chunk), long> _wanted = new();
    private readonly PriorityQueue<(LogIndex Log, Chunk Chunk), long> _personalWanted = new();
    private (LogIndex Log, Chunk Chunk, ChunkMaking Making)? _making;
    private (LogIndex Log, Chunk Chunk, ChunkMaking Making)? _makingPersonal;

    /// <summary>Opens the files of a log, and wants those that are missing or cannot be used.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public void Open(LogIndex log)
    {
        long end = log.Log.SealedSize;
        log.Files.RemoveUnfinished();
        HashSet<long> there = [.. log.Files.List(isPersonal: false)];
        HashSet<long> personalThere = [.. log.Files.List(isPersonal: true)];
        for (long first = 0; first < end; first += log.SegmentSize)
        {
            Chunk chunk = log.ChunkAt(first);
            chunk.HasPersonalFile = personalThere.Contains(first);
            chunk.Index ??= there.Contains(first) ? TryOpen(log, chunk) : null;
            if (chunk.Index is null)
            {
                Want(log, chunk, there.Contains(first) ? "damaged" : "missing");
            }

            WantPersonal(log, chunk);
        }

        log.KnownSealed = end;
        log.Next = end;
        log.IsOpened = true;
        log.Show();
        if (log.Missing > 0)
        {
            reports.Making(log.Name, (long)log.Missing * log.SegmentSize);
        }
    }

    /// <summary>Takes what was sealed since: writes the files of chunks in memory that are full, and wants those of others.</summary>
    public void Take(LogIndex log)
    {
        long end = log.Log.SealedSize;
        for (; log.KnownSealed < end; log.KnownSealed += log.SegmentSize)
        {
            Chunk chunk = log.ChunkAt(log.KnownSealed);
            if (chunk.Builder is null && !chunk.HasFile)
            {
                Want(log, chunk, "new");
                WantPersonal(log, chunk);
            }
        }

        foreach (Chunk chunk in log.InMemory.ToArray())
        {
            TryFinish(log, chunk);
        }
    }

    /// <summary>Writes the files of a chunk in memory, if it is full and sealed, and goes over to them.</summary>
    public void TryFinish(LogIndex log, Chunk chunk)
    {
        if (chunk.Builder is not { } builder || builder.Rows < log.SegmentSize || chunk.First + log.SegmentSize > log.Log.SealedSize || chunk.NotBefore > reports.Now)
        {
            return;
        }

        try
        {
            ChunkIdentity identity = log.IdentityOf(chunk.First);
            if (!chunk.HasFile)
            {
                log.Files.Write(chunk.First, isPersonal: false, into => builder.Write(into, identity));
                chunk.HasFile = true;
                reports.Made(log, "new");
            }

            if (chunk.IsPersonalBehind)
            {
                return;   // It is soon complete, and then both go to their files.
            }

            if (chunk.Personal is { } own && !chunk.HasPersonalFile && log.Erasures == 0)
            {
                log.Files.Write(chunk.First, isPersonal: true, into => own.Write(into, identity, personalKey));
                chunk.HasPersonalFile = true;
                reports.Made(log, "personal");
            }

            chunk.Failures = 0;
            GoOver(log, chunk);
            WantPersonal(log, chunk);
            memory.Count(log);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk is full, most likely. Until there is room the index stays in memory, as long as it may.
            chunk.NotBefore = reports.PutOff(log, ++chunk.Failures, e);
            thread.Later(chunk.NotBefore, () => follow(log));
        }
    }

    /// <summary>Gives up what is in memory of a chunk: its file is read in its place, or made.</summary>
    public void LeaveMemory(LogIndex log, Chunk chunk)
    {
        if (chunk.HasFile)
        {
            GoOver(log, chunk);
        }
        else
        {
            log.Leave(chunk, null);
            if (chunk.First < log.KnownSealed)
            {
                Want(log, chunk, "new");
            }
        }

        if (chunk.First < log.KnownSealed)
        {
            WantPersonal(log, chunk);
        }
    }

    /// <summary>Takes the file of an index that a search found damaged out of use, and makes it anew.</summary>
    public void TakeReport(LogIndex log, ChunkIndex damaged)
    {
        if (log.Chunks.TryGetValue(damaged.First, out Chunk? chunk) && chunk.Index == damaged)
        {
            reports.Damaged(log.Name, chunk.First, "a search found it damaged");
            GiveUpFile(log, chunk);
        }
    }

    /// <summary>Wants the file of personal values of a sealed chunk, unless it is there, in memory, or may not be.</summary>
    public void WantPersonal(LogIndex log, Chunk chunk)
    {
        if (!chunk.IsPersonalWanted && !chunk.HasPersonalFile && chunk.Personal is null && log.Erasures == 0)
        {
            chunk.IsPersonalWanted = true;
            _personalWanted.Enqueue((log, chunk), log.Log.SealedSize - chunk.First);
        }
    }

    /// <summary>Makes no file of personal values of a log that is being made.</summary>
    public void AbandonPersonal(LogIndex log)
    {
        if (_makingPersonal?.Log == log)
        {
            _makingPersonal = null;
        }
    }

    /// <summary>A step in making a wanted file.</summary>
    /// <returns>Whether there was any.</returns>
    public bool Make(bool isPersonal) => isPersonal ? Make(_personalWanted, ref _makingPersonal, isPersonal) : Make(_wanted, ref _making, isPersonal);

    private bool Make(PriorityQueue<(LogIndex Log, Chunk Chunk), long> wanted, ref (LogIndex Log, Chunk Chunk, ChunkMaking Making)? current, bool isPersonal)
    {
        while (current is null && wanted.TryDequeue(out (LogIndex Log, Chunk Chunk) next, out _))
        {
            if (isPersonal ? next.Chunk.IsPersonalWanted : next.Chunk.IsWanted)
            {
                current = (next.Log, next.Chunk, new ChunkMaking(next.Log, next.Chunk.First, isPersonal));
            }
        }

        if (current is not { } made)
        {
            return false;
        }

        try
        {
            if (made.Making.Step(ServerLimits.IndexStepEntries))
            {
                made.Log.Files.Write(made.Chunk.First, isPersonal, into => made.Making.WriteTo(into, personalKey));
                TakeMade(made.Log, made.Chunk, isPersonal);
                current = null;
            }
        }
        catch (Exception e)
        {
            // An entry that cannot be read, a full disk. The search finds the former, and says so.
            current = null;
            DateTimeOffset again = reports.PutOff(made.Log, ++made.Chunk.Failures, e);
            thread.Later(again, () => wanted.Enqueue((made.Log, made.Chunk), made.Log.Log.SealedSize - made.Chunk.First));
        }

        return true;
    }

    private void TakeMade(LogIndex log, Chunk chunk, bool isPersonal)
    {
        if (isPersonal)
        {
            chunk.IsPersonalWanted = false;
            chunk.HasPersonalFile = true;
        }
        else
        {
            log.Leave(chunk, TryOpen(log, chunk) ?? throw new IndexDamagedException("The file that was just written cannot be used."));
            chunk.IsWanted = false;
            log.Missing--;
        }

        chunk.Failures = 0;
        reports.Made(log, isPersonal ? "personal" : chunk.Why);
    }

    private void Want(LogIndex log, Chunk chunk, string why)
    {
        chunk.Why = why;
        if (!chunk.IsWanted)
        {
            chunk.IsWanted = true;
            log.Missing++;
            _wanted.Enqueue((log, chunk), log.Log.SealedSize - chunk.First);
        }
    }

    /// <summary>Opens a chunk's file.</summary>
    /// <returns>Null where it cannot be used.</returns>
    private ChunkIndex? TryOpen(LogIndex log, Chunk chunk)
    {
        ChunkIdentity identity = log.IdentityOf(chunk.First);
        try
        {
            ChunkIndex opened = IndexFile.Open(log.Files.PathOf(chunk.First, isPersonal: false), identity, () => PersonalOf(log, chunk, identity));
            chunk.HasFile = true;
            return opened;
        }
        catch (Exception e) when (e is IndexDamagedException or IOException or UnauthorizedAccessException)
        {
            reports.Damaged(log.Name, chunk.First, e.Message);
            return null;
        }
    }

    /// <summary>Goes over to a chunk's file from what searches use now, or has it made anew.</summary>
    private void GoOver(LogIndex log, Chunk chunk)
    {
        if (TryOpen(log, chunk) is { } opened)
        {
            log.Leave(chunk, opened);
        }
        else
        {
            GiveUpFile(log, chunk);
        }
    }

    private void GiveUpFile(LogIndex log, Chunk chunk)
    {
        chunk.HasFile = false;
        log.Leave(chunk, null);
        Want(log, chunk, "damaged");
    }

    /// <summary>The personal index of a sealed chunk, for a search that needs it, on its thread.</summary>
    private PersonalIndex? PersonalOf(LogIndex log, Chunk chunk, ChunkIdentity identity) => chunk.HasPersonalFile ? personal.Get(log, chunk.First, () => TryOpenPersonal(log, chunk, identity)) : null;

    private PersonalIndex? TryOpenPersonal(LogIndex log, Chunk chunk, ChunkIdentity identity)
    {
        try
        {
            return IndexFile.OpenPersonal(log.Files.PathOf(chunk.First, isPersonal: true), identity, personalKey);
        }
        catch (Exception e) when (e is IndexDamagedException or IOException or UnauthorizedAccessException)
        {
            // Also where it was deleted a moment ago, or encrypted under an earlier master key.
            thread.TryAsk(() =>
            {
                if (chunk.HasPersonalFile)
                {
                    reports.Damaged(log.Name, chunk.First, e.Message);
                    chunk.HasPersonalFile = false;
                    WantPersonal(log, chunk);
                }
            });
            return null;
        }
    }
}
