using Indelible.Proofs;

namespace Indelible.Client.Recording.Sending;

/// <summary>An event whose caller waits for the receipt.</summary>
internal sealed class GuaranteedEvent(OutgoingEvent outgoing, long deadline)
{
    private readonly TaskCompletionSource<DurableReceipt> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _givenUp;

    public OutgoingEvent Outgoing { get; } = outgoing;

    /// <summary>When its caller stops waiting, as a timestamp of the clock.</summary>
    public long Deadline { get; } = deadline;

    /// <summary>Whether a request with it went out whose answer never came.</summary>
    public bool MayBeLogged { get; set; }

    /// <summary>Why the last attempt failed.</summary>
    public string Detail { get; set; } = "it was not sent";

    /// <summary>Whether a request with it is out that has not been answered.</summary>
    public bool IsUnderWay { get; set; }

    public Task<DurableReceipt> Done => _done.Task;

    public bool IsGivenUp => Volatile.Read(ref _givenUp) != 0 || _done.Task.IsCompleted;

    public void GiveUp() => Volatile.Write(ref _givenUp, 1);

    public void Receive(DurableReceipt receipt) => _done.TrySetResult(receipt);

    public void Fail(string detail)
    {
        Detail = detail;
        _done.TrySetException(new AuditNotRecordedException(Outgoing.Id, MayBeLogged, $"The event {Outgoing.Id} is not recorded: {detail}"));
    }
}
