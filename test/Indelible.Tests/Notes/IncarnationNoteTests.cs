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

    [Theory]
    [InlineData("indelible.dev/incarnation/v1\nORIGIN\n10\nROOT\nKEY\n", true)]
    [InlineData("indelible.dev/incarnation/v1\nLONGEST\n10\nROOT\nKEY\n", true)]
    [InlineData("indelible.dev/incarnation/v1\nLONGESTa\n10\nROOT\nKEY\n", false)]
    [InlineData("indelible.dev/incarnation/v1\nORIGIN\n0\nEMPTY\nKEY\n", true)]
    [InlineData("indelible.dev/incarnation/v1\nORIGIN\n10\nEMPTY\nKEY\n", true)]
    [InlineData("indelible.dev/incarnation/v1\nORIGIN\n10\nROOT\nKEY\nmore", false)]
    [InlineData("indelible.dev/incarnation/v1\nORIGIN\n10\nROOT\n\n", false)]
    [InlineData("indelible.dev/incarnation/v1\nORIGIN\n10\nROOT=\nKEY\n", false)]
    [InlineData("indelible.dev/incarnation/v1\nORIGIN\n10\nROOT\nKEY=\n", false)]
    [InlineData("indelible.dev/incarnation/v1\nORIGIN\u0001\n10\nROOT\nKEY\n", false)]
    [InlineData("\nORIGIN\n10\nROOT\nKEY\n", false)]
    public void Each_line_is_read_in_its_one_form(string form, bool isRead)
    {
        string text = form.Replace("LONGEST", new string('o', 255), StringComparison.Ordinal).Replace("ORIGIN", s_note.Origin, StringComparison.Ordinal)
            .Replace("ROOT", s_note.Root.ToBase64(), StringComparison.Ordinal).Replace("EMPTY", TreeHasher.EmptyRoot.ToBase64(), StringComparison.Ordinal)
            .Replace("KEY", s_next.VerifierKey.ToString(), StringComparison.Ordinal);
        Assert.Equal(isRead, IncarnationNote.TryParse(Encoding.UTF8.GetBytes(text), out IncarnationNote? note));
        Assert.Equal(isRead ? text : null, note is null ? null : Encoding.UTF8.GetString(note.Format()));
    }

    [Fact]
    public void The_key_of_the_finished_log_must_be_given() =>
        Assert.Throws<ArgumentNullException>("oldKey", () => IncarnationNote.Verify(default, null!));
}
