using System.Text;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Xunit;

namespace Indelible.Tests.Notes;

public sealed class IncarnationNoteTests
{
    private static readonly Ed25519NoteSigner s_old = Ed25519NoteSigner.FromSeed("audit.example/logs/main", new byte[32]);
    private static readonly Ed25519NoteSigner s_next = Ed25519NoteSigner.FromSeed("audit.example/logs/main.i2", [.. Enumerable.Repeat((byte)7, 32)]);
    private static readonly IncarnationNote s_note = new("audit.example/logs/main", 10, TreeHasher.Leaf("x"u8), s_next.VerifierKey);

    [Fact]
    public void The_text_is_five_lines_in_one_spelling()
    {
        string text = Encoding.UTF8.GetString(s_note.Format());
        Assert.Equal($"indelible.dev/incarnation/v1\naudit.example/logs/main\n10\n{s_note.Root.ToBase64()}\n{s_next.VerifierKey}\n", text);
        Assert.True(IncarnationNote.TryParse(Encoding.UTF8.GetBytes(text), out IncarnationNote? read));
        Assert.Equal(s_note, read);
        foreach (string other in new[]
        {
            text + "\n", text[..^1], text.Replace("\n10\n", "\n010\n", StringComparison.Ordinal), text.Replace("v1", "v2", StringComparison.Ordinal),
            text.Replace("\n10\n", "\n0\n", StringComparison.Ordinal), text.Replace("audit.example/logs/main\n", "\n", StringComparison.Ordinal), "",
        })
        {
            Assert.False(IncarnationNote.TryParse(Encoding.UTF8.GetBytes(other), out _), other);
        }
    }

    [Fact]
    public void Only_the_finished_log_s_own_key_can_end_it()
    {
        byte[] signed = SignedNote.Sign(s_note.Format(), s_old).ToBytes();
        var oldKey = Ed25519NoteVerifier.FromVkey(s_old.VerifierKey);
        Assert.Equal(s_note, IncarnationNote.Verify(signed, oldKey));
        Assert.Throws<VerificationException>(() => IncarnationNote.Verify(signed, Ed25519NoteVerifier.FromVkey(s_next.VerifierKey)));
        byte[] ofAnother = SignedNote.Sign((s_note with { Origin = "audit.example/logs/other" }).Format(), s_old).ToBytes();
        Assert.Throws<VerificationException>(() => IncarnationNote.Verify(ofAnother, oldKey));
        byte[] checkpoint = SignedNote.Sign(new Checkpoint(s_old.Name, 10, s_note.Root).Format(), s_old).ToBytes();
        Assert.Throws<TlogFormatException>(() => IncarnationNote.Verify(checkpoint, oldKey));
        for (int at = 0; at < signed.Length; at++)
        {
            byte[] flipped = [.. signed];
            flipped[at] ^= 1;
            Assert.ThrowsAny<Exception>(() => IncarnationNote.Verify(flipped, oldKey));
        }
    }
}
