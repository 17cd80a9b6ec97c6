using System.Security.Cryptography;

namespace Indelible.Search;

/// <summary>The bytes of an open index. Each question holds them by <see cref="Use"/>; they go when they were disposed of and the last question has ended.</summary>
internal abstract class IndexMemory : IDisposable
{
    private int _users = 1;
    private int _isDisposed;

    /// <summary>The bytes. Only between <see cref="Use"/> and its end.</summary>
    public abstract ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Holds the bytes until the result is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">They are gone.</exception>
    public Hold Use()
    {
        for (int users = Volatile.Read(ref _users); users > 0; users = Volatile.Read(ref _users))
        {
            if (Interlocked.CompareExchange(ref _users, users + 1, users) == users)
            {
                return new Hold(this);
            }
        }

        throw new ObjectDisposedException(nameof(ChunkIndex));
    }

    /// <summary>Lets go, once.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            End();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the bytes: nobody looks at them any more.</summary>
    protected abstract void Free();

    private void End()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Free();
        }
    }

    /// <summary>Ends a use.</summary>
    public readonly ref struct Hold(IndexMemory memory)
    {
        /// <summary>Ends it.</summary>
        public void Dispose() => memory.End();
    }
}

/// <summary>Bytes in memory: of a personal index, which no disk may have in clear.</summary>
internal sealed class ArrayMemory(byte[] bytes) : IndexMemory
{
    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes => bytes;

    /// <inheritdoc/>
    protected override void Free() => CryptographicOperations.ZeroMemory(bytes);
}
