using Indelible.Events;
using Indelible.Merkle;
using Indelible.Proofs;

namespace Indelible.Verification;

/// <summary>Compares what was promised to those who appended with what the log holds. Construction B.</summary>
/// <remarks>Every receipt given is judged, or named as one that could not be: a promise that nobody looked at is none that was kept.</remarks>
internal sealed class ReceiptCheck
{
    private readonly Dictionary<long, List<DurableReceipt>> _byIndex = [];
    private readonly IReadOnlyList<DurableReceipt> _others;   // of other logs
    private readonly Action<VerificationFault> _fault;
    private int _kept;

    /// <param name="receipts">The receipts; not verified yet.</param>
    /// <param name="receiptsKeys">Sign them; null where none is pinned.</param>
    /// <param name="origin">The log.</param>
    /// <param name="fault">Receives what is wrong.</param>
    public ReceiptCheck(IReadOnlyList<DurableReceipt> receipts, ReceiptsKeys? receiptsKeys, string origin, Action<VerificationFault> fault)
    {
        _fault = fault;
        _others = [.. receipts.Where(receipt => receipt.Origin != origin)];
        foreach (DurableReceipt receipt in receipts.Where(receipt => receipt.Origin == origin))
        {
            if (FaultOf(receipt, receiptsKeys) is { } detail)
            {
                // A receipt that nobody signed says nothing about the log, but whoever gave it as one should know.
                _fault(new VerificationFault("receipt", NameOf(receipt), $"it is no receipt of this key: {detail}"));
                continue;
            }

            if (!_byIndex.TryGetValue(receipt.Index, out List<DurableReceipt>? there))
            {
                _byIndex.Add(receipt.Index, there = []);
            }

            there.Add(receipt);
        }
    }

    /// <summary>Promises that the log has kept.</summary>
    public int Kept => _kept;

    /// <summary>Compares the receipts for the entries of a bundle.</summary>
    /// <param name="first">The index of its first entry.</param>
    /// <param name="bundle">The bundle.</param>
    public void Compare(long first, BundleCheck bundle)
    {
        if (_byIndex.Count == 0)
        {
            return;
        }

        for (int i = 0; i < bundle.Leaves.Length; i++)
        {
            if (!_byIndex.Remove(first + i, out List<DurableReceipt>? receipts))
            {
                continue;
            }

            foreach (DurableReceipt receipt in receipts)
            {
                Compare(receipt, bundle.Leaves[i], bundle.Entries[i]);
            }
        }
    }

    /// <summary>Judges the receipts for entries that were not hashed in this run.</summary>
    /// <param name="from">Where hashing began.</param>
    /// <param name="size">The size of the signed head.</param>
    /// <param name="lastReceivedAt">The time of receipt of the last entry under it.</param>
    /// <param name="unclear">Receives what cannot be told.</param>
    public void Conclude(long from, long size, string lastReceivedAt, Action<VerificationFault> unclear)
    {
        foreach (DurableReceipt receipt in _byIndex.Values.SelectMany(receipts => receipts))
        {
            if (receipt.Index < from)
            {
                unclear(new VerificationFault("receipt", NameOf(receipt), $"the first {from} entries were hashed by earlier runs: verify all of them to judge it"));
            }
            else if (string.CompareOrdinal(receipt.ReceivedAt, lastReceivedAt) < 0)
            {
                // Times of receipt never go back: what was received before the last entry lies before it.
                _fault(new VerificationFault(
                    "receipt", NameOf(receipt), $"it was received at {receipt.ReceivedAt}, before the last of the {size} entries ({lastReceivedAt}), but is not among them: the log broke its promise"));
            }
            else
            {
                unclear(new VerificationFault(
                    "receipt", NameOf(receipt), $"it was promised at {receipt.ReceivedAt}, and the head of {size} entries does not cover it yet: it must within 60 s"));
            }
        }

        foreach (IGrouping<string, DurableReceipt> other in _others.GroupBy(receipt => receipt.Origin))
        {
            unclear(new VerificationFault("receipt", NameOf(other.First()), $"{other.Count()} of the receipts are of the log {other.Key}: verify them with that one"));
        }
    }

    private static string NameOf(DurableReceipt receipt) => $"{receipt.Id} at index {receipt.Index}";

    private static string? FaultOf(DurableReceipt receipt, ReceiptsKeys? receiptsKeys)
    {
        try
        {
            (receiptsKeys ?? throw new VerificationException("There is no key to check it with.")).Verify(receipt);
            return null;
        }
        catch (Exception e) when (e is VerificationException or TlogFormatException)
        {
            return e.Message;
        }
    }

    private void Compare(DurableReceipt receipt, Hash leaf, in EntryFacts entry)
    {
        string? wrong = receipt.LeafHash != leaf ? $"the entry promised there hashes to {receipt.LeafHash}, but the one that is there to {leaf}"
            : receipt.Id != entry.Id || receipt.ReceivedAt != entry.ReceivedAt ? $"it was promised for {receipt.Id} of {receipt.ReceivedAt}, but the entry there is {entry.Id} of {entry.ReceivedAt}"
            : null;
        if (wrong is null)
        {
            _kept++;
        }
        else
        {
            _fault(new VerificationFault("receipt", NameOf(receipt), $"{wrong}: the log broke its promise"));
        }
    }
}
