using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;

namespace Indelible.Verification;

/// <summary>Compares what was promised to those who appended with what the log holds. Construction B.</summary>
internal sealed class ReceiptCheck
{
    private readonly Dictionary<long, List<DurableReceipt>> _byIndex = [];
    private readonly Action<VerificationFault> _fault;
    private int _kept;

    /// <param name="receipts">The receipts; not verified yet.</param>
    /// <param name="receiptsKey">Signs them.</param>
    /// <param name="origin">The log.</param>
    /// <param name="fault">Receives what is wrong.</param>
    public ReceiptCheck(IEnumerable<DurableReceipt> receipts, NoteVerifier? receiptsKey, string origin, Action<VerificationFault> fault)
    {
        _fault = fault;
        foreach (DurableReceipt receipt in receipts.Where(receipt => receipt.Origin == origin))
        {
            try
            {
                receipt.Verify(receiptsKey ?? throw new VerificationException("There is no key to check it with."));
            }
            catch (Exception e) when (e is VerificationException or TlogFormatException)
            {
                // A receipt that nobody signed says nothing about the log, but whoever gave it as one should know.
                _fault(new VerificationFault("receipt", $"{receipt.Id} at index {receipt.Index}", $"it is no receipt of this key: {e.Message}"));
                continue;
            }

            if (!_byIndex.TryGetValue(receipt.Index, out List<DurableReceipt>? there))
            {
                _byIndex.Add(receipt.Index, there = []);
            }

            there.Add(receipt);
        }
    }

    /// <summary>Whether there is anything to compare.</summary>
    public bool Any => _byIndex.Count > 0;

    /// <summary>Promises that the log has kept.</summary>
    public int Kept => _kept;

    /// <summary>Compares the receipts for consecutive entries.</summary>
    public void Compare(long first, Hash[] leaves)
    {
        if (_byIndex.Count == 0)
        {
            return;
        }

        for (int i = 0; i < leaves.Length; i++)
        {
            if (!_byIndex.Remove(first + i, out List<DurableReceipt>? receipts))
            {
                continue;
            }

            foreach (DurableReceipt receipt in receipts)
            {
                if (receipt.LeafHash == leaves[i])
                {
                    _kept++;
                }
                else
                {
                    _fault(new VerificationFault(
                        "receipt", $"{receipt.Id} at index {first + i}", $"the entry promised there hashes to {receipt.LeafHash}, but the one that is there to {leaves[i]}: the log broke its promise"));
                }
            }
        }
    }

    /// <summary>Judges the receipts for entries that were not hashed in this run.</summary>
    /// <param name="from">Where hashing began.</param>
    /// <param name="size">The size of the signed head.</param>
    /// <param name="lastReceivedAt">The time of receipt of the last entry under it.</param>
    /// <param name="unclear">Receives what cannot be told yet.</param>
    /// <returns>How many lie before <paramref name="from"/>.</returns>
    public int Conclude(long from, long size, string lastReceivedAt, Action<VerificationFault> unclear)
    {
        foreach (DurableReceipt receipt in _byIndex.Values.SelectMany(receipts => receipts).Where(receipt => receipt.Index >= size))
        {
            string where = $"{receipt.Id} at index {receipt.Index}";
            if (string.CompareOrdinal(receipt.ReceivedAt, lastReceivedAt) < 0)
            {
                // Times of receipt never go back: what was received before the last entry lies before it.
                _fault(new VerificationFault(
                    "receipt", where, $"it was received at {receipt.ReceivedAt}, before the last of the {size} entries ({lastReceivedAt}), but is not among them: the log broke its promise"));
            }
            else
            {
                unclear(new VerificationFault(
                    "receipt", where, $"it was promised at {receipt.ReceivedAt}, and the head of {size} entries does not cover it yet: it must within 60 s"));
            }
        }

        return _byIndex.Values.SelectMany(receipts => receipts).Count(receipt => receipt.Index < from);
    }
}
