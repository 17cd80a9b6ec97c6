namespace Indelible.Search;

/// <summary>The indexes of one chunk of a log: <see cref="Rows"/> consecutive entries from <see cref="First"/> on. Thread-safe.</summary>
/// <remarks>
/// One that was opened from files holds them mapped. Whoever asks it takes it by <see cref="TryAcquire"/> and gives it back by <see cref="Release"/>; the files are let go
/// when it is disposed of and the last has given it back. A question without that, after it was disposed of, gets <see cref="ObjectDisposedException"/>, never unmapped memory.
/// </remarks>
public sealed class ChunkIndex : IDisposable
{
    private readonly IDisposable[] _files;
    private readonly ITermIndex? _personal;
    private int _users = 1;
    private int _isDisposed;

    internal ChunkIndex(long first, ITermIndex terms, ITermIndex? personal, params IDisposable[] files)
    {
        First = first;
        Terms = terms;
        _personal = personal;
        _files = files;
    }

    /// <summary>The leaf index of row 0: a multiple of the segment size.</summary>
    public long First { get; }

    /// <summary>How many entries are covered, at most 65,536.</summary>
    public int Rows => Terms.Rows;

    internal ITermIndex Terms { get; }

    /// <summary>What stands in sealed values, for as many rows as it covers; null where there is no such index (now). It may have to be opened first.</summary>
    internal ITermIndex? Personal => OpensPersonal is null ? _personal : OpensPersonal()?.Terms;

    /// <summary>Gives the personal index when it is asked for; null where it was given at once.</summary>
    internal Func<PersonalIndex?>? OpensPersonal { get; init; }

    /// <summary>Keeps the files until <see cref="Release"/>.</summary>
    /// <returns>False where they were let go already: the chunk is not indexed any more, or another index has taken its place.</returns>
    public bool TryAcquire()
    {
        int users = Volatile.Read(ref _users);
        while (users > 0)
        {
            int seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return true;
            }

            users = seen;
        }

        return false;
    }

    /// <summary>Gives back what <see cref="TryAcquire"/> took.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Array.ForEach(_files, file => file.Dispose());
        }
    }

    /// <summary>Lets the files go as soon as nobody uses them. Called once by the owner; again does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Release();
        }
    }
}
