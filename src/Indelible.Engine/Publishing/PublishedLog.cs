using Indelible.Engine.Reading;
using Indelible.Engine.Rotation;
using Indelible.Notes;

namespace Indelible.Engine.Publishing;

/// <summary>A log with what signs its heads and what has been shown of them. Its publisher's turn alone changes it.</summary>
internal sealed class PublishedLog
{
    private volatile NoteSigner? _signer;
    private volatile string _vkey;
    private volatile byte[]? _handovers;
    private volatile PendingHandover? _handover;

    /// <param name="state">The log.</param>
    /// <param name="signer">Signs its heads; null where nothing does any more.</param>
    /// <param name="checkpoints">What has been shown.</param>
    /// <param name="vkey">The key that its heads are verified with.</param>
    /// <param name="handovers">The handovers as recorded; no bytes where there are none.</param>
    public PublishedLog(LogState state, NoteSigner? signer, PublishedCheckpoints checkpoints, string vkey = "", ReadOnlyMemory<byte> handovers = default)
    {
        State = state;
        Checkpoints = checkpoints;
        _signer = signer;
        _vkey = vkey;
        _handovers = handovers.IsEmpty ? null : handovers.ToArray();
    }

    public LogState State { get; }

    public PublishedCheckpoints Checkpoints { get; }

    /// <summary>Signs its heads now; null where nothing does any more.</summary>
    public NoteSigner? Signer => _signer;

    /// <summary>The key that its latest head is verified with.</summary>
    public string Vkey => _vkey;

    /// <summary>The handovers as recorded; null where there are none.</summary>
    public byte[]? Handovers => _handovers;

    /// <summary>The handover that its next head is to be; null where no rotation is under way.</summary>
    public PendingHandover? Handover
    {
        get => _handover;
        set => _handover = value;
    }

    /// <summary>The handover is recorded: the next key signs from here on, and nothing else does.</summary>
    public void HandOver(string vkey, byte[] handovers)
    {
        _signer = _handover!.Next;
        _vkey = vkey;
        _handovers = handovers;
        _handover = null;
    }
}
