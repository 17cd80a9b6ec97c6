using System.Text;
using System.Text.Json;
using Indelible.Fuzz.Driving;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Proofs;
using Indelible.Rotation;

namespace Indelible.Fuzz.Targets;

/// <summary>Handovers from key to key, of logs and of receipts.</summary>
internal static class RotationTargets
{
    private static readonly JsonElement s_vectors = JsonElement.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "testdata", "rotation-vectors.json")));
    private static readonly byte[] s_list = Encoding.UTF8.GetBytes(s_vectors.GetProperty("handovers").GetString()!);
    private static readonly byte[] s_receipts = Encoding.UTF8.GetBytes(s_vectors.GetProperty("receipts_handovers").GetString()!);
    private static readonly KeyChain s_pinned = KeyChain.Of(VerifierKey.Parse(s_vectors.GetProperty("vkeys")[0].GetString()!), NoteVerifiers.OfLog);
    private static readonly ReceiptsKeys s_pinnedOfReceipts = ReceiptsKeys.Of(VerifierKey.Parse(s_vectors.GetProperty("receipts_vkeys")[0].GetString()!), NoteVerifiers.OfLog);

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("handovers", "What parses formats back to the same bytes; no list leads from the pinned key to any but the two that were signed.", HandoversOf, () => [s_list, .. HandoverList.Parse(s_list).Select(one => one.Format())])
        {
            Words = ["\n\n", "\n", "c2sp.org/tlog-proof@v1\n", "extra ", "index ", "— audit.example/logs/main "],
            MaxBytes = 16_384,
            Slowness = 8,
        },
        new("receipts-handovers", "What is believed formats back to the same bytes, and leads to none but the keys that were signed.", ReceiptsHandoversOf, () => [s_receipts])
        {
            Words = ["\n\n", "\n", ReceiptsHandoverNote.Header, "— audit.example/receipts "],
            Slowness = 4,
        },
    ];

    private static bool HandoversOf(byte[] input)
    {
        if (HandoverList.TryParse(input, out IReadOnlyList<TlogProof>? handovers))
        {
            Must.BeSame(HandoverList.Format(handovers), input, "A list formats back to other bytes");
        }

        try
        {
            // Each handover was signed, so that a chain of one or both is all that a mutation can leave; signatures may be joined by others.
            KeyChain chain = s_pinned.With(input);
            Must.Hold(chain.Keys.All(key => s_vectors.GetProperty("vkeys").EnumerateArray().Any(known => known.GetString() == key.ToString())), "A list leads to a key that nobody signed over to");
            return chain.Handovers.Count > 0;
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            return false;
        }
    }

    private static bool ReceiptsHandoversOf(byte[] input)
    {
        try
        {
            ReceiptsKeys keys = s_pinnedOfReceipts.With(input);
            Must.Hold(keys.Keys.All(key => s_vectors.GetProperty("receipts_vkeys").EnumerateArray().Any(known => known.GetString() == key.ToString())), "A list leads to a key that nobody signed over to");
            Must.BeSame(keys.Format(), input, "A list formats back to other bytes");
            return keys.Keys.Count > 1;
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            return false;
        }
    }
}
