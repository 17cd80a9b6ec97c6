using System.Text;
using Indelible.Engine.Configuration;
using Indelible.Events;
using Indelible.Notes;

namespace Indelible.Verification;

/// <summary>Says of a verified log whether it goes on in the place of a finished one, and by whose word. Our own construction E.</summary>
/// <remarks>
/// A log that goes on in another's place is valid by itself; what it follows, and that something may be missing between the two, its
/// reader must have been told. So it is not valid for a caller who has not accepted that.
/// </remarks>
public static class IncarnationCheck
{
    /// <summary>Adds what entry 0 says about a predecessor to the report of a verified log.</summary>
    /// <param name="report">The log's report.</param>
    /// <param name="firstEntry">Entry 0 as it was hashed, or null where the log is empty.</param>
    /// <param name="logVkeys">The keys that the caller believes for the log.</param>
    /// <param name="oldKey">The key that the caller pins for the finished log, or null.</param>
    /// <param name="isAccepted">Whether the caller knows that the log goes on in another's place.</param>
    public static VerificationReport Apply(VerificationReport report, ReadOnlyMemory<byte>? firstEntry, IReadOnlyCollection<string> logVkeys, NoteVerifier? oldKey, bool isAccepted)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.Verdict != Verdict.Valid)
        {
            return report;
        }

        IncarnationFacts? facts = null;
        bool isIncarnation = firstEntry is { } entry && IncarnationFacts.TryRead(entry, out facts);
        if (!isIncarnation)
        {
            string name = report.Origin[(report.Origin.LastIndexOf('/') + 1)..];
            return LogName.IncarnationOf(name) > 1 ? Fault(report, $"{name} is the name of a log that goes on in another's place, but its entry 0 does not say so")
                : oldKey is not null ? Fault(report, "its entry 0 names no log that it goes on in the place of")
                : report;
        }

        try
        {
            return Check(report, facts!, logVkeys, oldKey, isAccepted);
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            return Fault(report, e.Message);
        }
    }

    private static VerificationReport Check(VerificationReport report, IncarnationFacts facts, IReadOnlyCollection<string> logVkeys, NoteVerifier? oldKey, bool isAccepted)
    {
        string gap = facts.SignedSize is not { } signed
            ? $"{facts.Restored.Size} of its entries were restored, and nobody could be asked how many were signed"
            : signed > facts.Restored.Size
                ? $"{facts.Restored.Size} of its entries were restored, and at least {signed} were signed"
                : $"{facts.Restored.Size} of its entries were restored, at least {signed} were signed, and nobody could be asked whether more were";
        if (oldKey is not null)
        {
            IncarnationNote note = IncarnationNote.Verify(Encoding.UTF8.GetBytes(facts.Note), oldKey);
            if (!logVkeys.Contains(note.Successor.ToString()) || note.Size != facts.Restored.Size || note.Root != facts.Restored.Root || facts.OfOrigin != oldKey.Name)
            {
                return Fault(report, $"the key of {oldKey.Name} names the log {note.Successor} in its place, after {note.Size} entries: not this one, or not this size and root");
            }
        }

        string said = $"it goes on in the place of {facts.OfOrigin}: {gap}";
        return (isAccepted ? report : Fault(report, $"{said}. Accept that with --accept-incarnation, and pin that log's key with --old-vkey")) with
        {
            Checked = [.. report.Checked, said, .. oldKey is null ? (string[])[] : [$"the pinned key of {oldKey.Name} names this log and its key"]],
            NotChecked = [.. report.NotChecked, .. oldKey is null ? (string[])[$"whether the key of {facts.OfOrigin} names this log (--old-vkey)"] : [], "what was lost between the two logs"],
        };
    }

    private static VerificationReport Fault(VerificationReport report, string detail) => report with
    {
        Verdict = Verdict.NotValid,
        Faults = [.. report.Faults, new VerificationFault("incarnation", "entry 0", detail)],
    };
}
