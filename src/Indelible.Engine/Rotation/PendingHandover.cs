using Indelible.Keys;
using Indelible.Rotation;

namespace Indelible.Engine.Rotation;

/// <summary>A rotation under way. While a log has one, it shows no head before the one that hands over.</summary>
/// <param name="next">The key to hand over to; null where it is not known yet, and the log's heads are only held.</param>
/// <remarks>
/// Held from before the entry that announces the key is appended: so no head above that entry is ever signed by the old key alone, and
/// who finds one has evidence.
/// </remarks>
internal sealed class PendingHandover(Ed25519NoteSigner? next)
{
    private readonly TaskCompletionSource<VerifiedHandover> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _index = -1;

    /// <summary>The key to hand over to.</summary>
    public Ed25519NoteSigner? Next { get; } = next;

    /// <summary>The index of the entry that announces the key; null while it is not in the log, and nothing is signed.</summary>
    public long? Index
    {
        get => Volatile.Read(ref _index) is >= 0 and var index ? index : null;
        set => Volatile.Write(ref _index, value ?? -1);
    }

    /// <summary>Completes when the handover is recorded and the next key signs.</summary>
    public Task<VerifiedHandover> Done => _done.Task;

    public void Complete(VerifiedHandover handover) => _done.TrySetResult(handover);

    public void Fail(Exception failure) => _done.TrySetException(failure);
}
