using Indelible.Keys;
using Indelible.Notes;
using Indelible.Rotation;

namespace Indelible.Verification;

/// <summary>Compares who signs a log's head with the entries that hand it over to another key. Construction C.</summary>
/// <remarks>
/// Who withholds a handover cannot withhold the entry that announces it: that is in the tree. From that entry on no honest log signs a
/// head with the old key alone, since the first head above it is the handover itself.
/// </remarks>
internal sealed class RotationCheck(string origin, Action<VerificationFault> fault)
{
    private readonly List<(long Index, RotationFacts Keys)> _announced = [];

    /// <summary>Takes what a bundle's entries announce.</summary>
    public void Take(BundleCheck bundle) => _announced.AddRange(bundle.Rotations.Where(announced => announced.Keys.Origin == origin));

    /// <summary>Judges the verified head.</summary>
    public void Conclude(VerifiedCheckpoint checkpoint)
    {
        foreach ((long index, RotationFacts keys) in _announced)
        {
            if (checkpoint.Vouching.Any(key => key.Name == keys.Old.Name && key.KeyId == keys.Old.KeyId) && !IsSignedBy(checkpoint, keys.New))
            {
                fault(new VerificationFault(
                    "rotation",
                    $"index {index}",
                    $"this entry hands the log over to {keys.New.Name}+{keys.New.KeyId:x8}, but the head of {checkpoint.Head.Size} entries above it is signed by the old key {keys.Old.KeyId:x8} alone: the handover is withheld, or the old key signs what it must not. Keep this checkpoint, it is evidence against the log"));
            }
        }
    }

    private static bool IsSignedBy(VerifiedCheckpoint checkpoint, VerifierKey key)
    {
        try
        {
            return NoteVerifiers.OfLog(key) is { } verifier && SignedNote.Parse(checkpoint.Note.Span).Verify(verifier).Vouching.Count > 0;
        }
        catch (Exception e) when (e is VerificationException or TlogFormatException)
        {
            return false;
        }
    }
}
