using System.Text.Json;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Proofs;
using Indelible.Verification;

namespace Indelible.Cli.Commands;

/// <summary>Verifies the receipts in a server's answers as they come: each event said to be in the log has one, signed by the pinned key, for this log.</summary>
/// <remarks>
/// What is missing now nobody could demand later. That the entry promised says what the event said is not to be seen from a receipt:
/// fetch the entry for that.
/// </remarks>
/// <param name="receiptsKey">The pinned key.</param>
/// <param name="log">The log that events are sent to.</param>
/// <param name="handovers">Asks for the handovers of the receipts' key, where another has signed.</param>
internal sealed class AnswerCheck(VerifierKey receiptsKey, string log, Func<Task<byte[]>> handovers)
{
    private const int FaultsKept = 100;
    private readonly List<string> _faults = [];
    private readonly HashSet<long> _indexes = [];
    private ReceiptsKeys _keys = ReceiptsKeys.Of(receiptsKey, NoteVerifiers.OfLog);

    /// <summary>What is wrong, up to a hundred.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Verifies the receipts of an answer with a result for each event.</summary>
    public async Task TakeAsync(JsonElement answer)
    {
        try
        {
            DurableReceipt[] receipts = [.. ReceiptFile.Read([answer.GetRawText()])];
            if (receipts.Any(receipt => !_keys.Knows(receipt.Note.Span)))
            {
                _keys = _keys.With(await handovers());
            }

            JsonElement[] done = [.. answer.GetProperty("results").EnumerateArray().Where(result => result.GetProperty("status").GetString() is "appended" or "repeated")];
            if (done.Length != receipts.Length)
            {
                Add($"{done.Length} events are said to be in the log, but {receipts.Length} receipts came");
                return;
            }

            for (int i = 0; i < receipts.Length; i++)
            {
                Take(receipts[i], isNew: done[i].GetProperty("status").GetString() == "appended");
            }
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            Add($"an answer cannot be verified: {e.Message}");
        }
    }

    private void Take(DurableReceipt receipt, bool isNew)
    {
        string where = $"the receipt of {receipt.Id} at index {receipt.Index} of {receipt.Origin}";
        try
        {
            _keys.Verify(receipt);
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            Add($"{where}: {e.Message}");
            return;
        }

        // An event that was sent before may lie in another log, and has its place there.
        if (isNew && receipt.Origin[(receipt.Origin.LastIndexOf('/') + 1)..] != log)
        {
            Add($"{where} is not for the log {log}");
        }
        else if (isNew && !_indexes.Add(receipt.Index))
        {
            Add($"{where}: another event of this run was promised the same place");
        }
    }

    private void Add(string fault)
    {
        if (_faults.Count < FaultsKept)
        {
            _faults.Add(fault);
        }
    }
}
