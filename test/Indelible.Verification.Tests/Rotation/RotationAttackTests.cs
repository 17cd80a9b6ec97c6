using System.Text;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Indelible.Rotation;
using Xunit;

namespace Indelible.Verification.Tests.Rotation;

/// <summary>A verifier who pins one key follows honest handovers to the next, and refuses every other way there.</summary>
public sealed class RotationAttackTests
{
    private readonly RotatedLog _log = new RotatedLog().Fill(300);

    [Fact]
    public async Task Whoever_pins_any_key_of_the_log_follows_several_rotations_in_both_directions()
    {
        TlogProof[] handovers = [_log.Rotate(0, 1), _log.Fill(300).Rotate(1, 2), _log.Rotate(2, 3)];
        _log.Fill(40);
        byte[] note = _log.Note(_log.Size, RotatedLog.Key(3));
        for (int pinned = 0; pinned < 4; pinned++)
        {
            VerificationReport report = await VerifyAsync(pinned, _log.Source(note, handovers));
            Assert.True(report.Verdict == Verdict.Valid, string.Join('\n', report.Faults.Concat(report.Unclear)));
            Assert.Equal(3, report.NotChecked.Count(open => open.Contains("rotation vouched by the old key only", StringComparison.Ordinal)));
            Assert.Equal(3, report.Checked.Count(done => done.StartsWith("the handover at ", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Every_head_of_the_logs_life_is_valid_under_every_pinned_key_by_whoever_had_to_sign_it()
    {
        TlogProof[] handovers = [_log.Rotate(0, 1), _log.Rotate(1, 2)];
        VerifiedHandover[] verified = [.. handovers.Select(handover => VerifiedHandover.Verify(handover, NoteVerifiers.OfLog))];
        for (long size = 290; size <= _log.Size; size++)
        {
            byte[] note = size == verified[0].Head.Size ? handovers[0].Checkpoint.ToArray()
                : size == verified[1].Head.Size ? handovers[1].Checkpoint.ToArray()
                : _log.Note(size, RotatedLog.Key(size < verified[0].Head.Size ? 0 : size < verified[1].Head.Size ? 1 : 2));
            if ((size > verified[0].Index && size < verified[0].Head.Size) || (size > verified[1].Index && size < verified[1].Head.Size))
            {
                continue;   // Between the entry and the handover no honest log signs.
            }

            for (int pinned = 0; pinned < 3; pinned++)
            {
                VerificationReport report = await VerifyAsync(pinned, _log.Source(note, handovers));
                Assert.True(report.Verdict == Verdict.Valid, $"{size}, {pinned}: {string.Join('\n', report.Faults)}");
            }
        }
    }

    [Fact]
    public Task A_handover_by_the_new_key_alone_is_refused()
    {
        long index = _log.Announce(RotatedLog.Key(0), RotatedLog.Key(1));
        return RefusedAsync("has not signed this checkpoint", [_log.Handover(index, _log.Size, RotatedLog.Key(1))], RotatedLog.Key(1));
    }

    [Fact]
    public Task A_handover_by_the_old_key_alone_is_refused()
    {
        long index = _log.Announce(RotatedLog.Key(0), RotatedLog.Key(1));
        return RefusedAsync("alone, and not by", [_log.Handover(index, _log.Size, RotatedLog.Key(0))], RotatedLog.Key(1));
    }

    [Fact]
    public Task A_handover_whose_old_signature_is_forged_is_refused()
    {
        long index = _log.Announce(RotatedLog.Key(0), RotatedLog.Key(1));
        byte[] note = _log.Note(_log.Size, RotatedLog.Key(0), RotatedLog.Key(1));
        string text = Encoding.UTF8.GetString(note);
        SignedNote signed = SignedNote.Parse(note);
        NoteSignature old = signed.Signatures[0];
        byte[] forged = [.. old.Bytes.Span];
        forged[7] ^= 1;
        string altered = text.Replace(LineOf(old, old.Bytes.ToArray()), LineOf(old, forged), StringComparison.Ordinal);
        TlogProof honest = _log.Handover(index, _log.Size, RotatedLog.Key(0), RotatedLog.Key(1));
        Assert.NotEqual(text, altered);
        return RefusedAsync("is not over this text", [new TlogProof(index, honest.Hashes, Encoding.UTF8.GetBytes(altered), honest.Extra)], RotatedLog.Key(1));
    }

    [Fact]
    public Task A_handover_without_its_entry_is_refused()
    {
        TlogProof honest = _log.Rotate(0, 1);
        return RefusedAsync("holds no entry of the log's own", [new TlogProof(honest.Index, honest.Hashes, honest.Checkpoint)], RotatedLog.Key(1));
    }

    [Fact]
    public Task A_handover_whose_entry_is_not_in_the_log_is_refused()
    {
        var other = new RotatedLog().Fill(10);
        long there = other.Announce(RotatedLog.Key(0), RotatedLog.Key(1));
        TlogProof honest = _log.Rotate(0, 2);
        return RefusedAsync(
            "does not lead from an entry",
            [VerifiedHandover.Make(honest.Index, other.Entries[(int)there], honest.Hashes, _log.Note(_log.Size - 1, RotatedLog.Key(0), RotatedLog.Key(1)))],
            RotatedLog.Key(1));
    }

    [Fact]
    public Task A_handover_whose_entry_names_another_key_is_refused()
    {
        long index = _log.Announce(RotatedLog.Key(0), RotatedLog.Key(2));
        return RefusedAsync("and not by", [_log.Handover(index, _log.Size, RotatedLog.Key(0), RotatedLog.Key(1))], RotatedLog.Key(1));
    }

    [Fact]
    public Task A_handover_whose_entry_names_another_old_key_is_refused()
    {
        long index = _log.Announce(RotatedLog.Key(2), RotatedLog.Key(1));
        return RefusedAsync("has not signed this checkpoint", [_log.Handover(index, _log.Size, RotatedLog.Key(0), RotatedLog.Key(1))], RotatedLog.Key(1));
    }

    [Fact]
    public Task A_handover_whose_entry_comes_behind_its_head_is_refused()
    {
        long index = _log.Announce(RotatedLog.Key(0), RotatedLog.Key(1));
        TlogProof honest = _log.Handover(index, _log.Size, RotatedLog.Key(0), RotatedLog.Key(1));
        return RefusedAsync("does not lead from an entry", [new TlogProof(index, honest.Hashes, _log.Note(index, RotatedLog.Key(0), RotatedLog.Key(1)), honest.Extra)], RotatedLog.Key(1));
    }

    [Fact]
    public async Task A_producers_event_that_looks_like_a_rotation_hands_nothing_over()
    {
        // Anybody may add a signature of his own to a checkpoint, and whoever writes to the log may send any event.
        long index = _log.Announce(RotatedLog.Key(0), RotatedLog.Key(1), principal: "app");
        await RefusedAsync("holds no entry of the log's own", [_log.Handover(index, _log.Size, RotatedLog.Key(0), RotatedLog.Key(1))], RotatedLog.Key(1));

        // Nor does it make an honest log's later heads look withheld.
        Assert.Equal(Verdict.Valid, (await VerifyAsync(0, _log.Source(_log.Note(_log.Size, RotatedLog.Key(0))))).Verdict);
    }

    [Fact]
    public async Task The_handover_of_another_log_is_refused()
    {
        const string Other = "test.example/logs/other";
        long index = _log.Announce(RotatedLog.Key(0, Other), RotatedLog.Key(1, Other), origin: Other);
        TlogProof mixed = _log.Handover(index, _log.Size, RotatedLog.Key(0, Other), RotatedLog.Key(1, Other), RotatedLog.Key(0), RotatedLog.Key(1));
        byte[] note = SignedNote.Sign(new Checkpoint(Other, _log.Size, TreeMath.Root(_log, _log.Size)).Format(), RotatedLog.Key(0, Other), RotatedLog.Key(1, Other)).ToBytes();
        await RefusedAsync("is of the log test.example/logs/list", [mixed], RotatedLog.Key(1));

        // Flawless, and of another log.
        await RefusedAsync("not past the pinned key", [new TlogProof(mixed.Index, mixed.Hashes, note, mixed.Extra)], RotatedLog.Key(1));
    }

    [Fact]
    public async Task The_old_key_signing_above_the_handover_is_evidence_against_the_log()
    {
        TlogProof handover = _log.Rotate(0, 1);
        _log.Fill(5);
        byte[] note = _log.Note(_log.Size, RotatedLog.Key(0));
        for (int pinned = 0; pinned < 2; pinned++)
        {
            VerificationFault fault = Assert.Single((await VerifyAsync(pinned, _log.Source(note, handover))).Faults);
            Assert.Equal("checkpoint", fault.What);
            Assert.Contains("it convicts the log, or whoever has the old key", fault.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Withholding_the_handover_does_not_hide_that_the_old_key_signs_above_it()
    {
        _log.Rotate(0, 1);
        VerificationReport report = await VerifyAsync(0, _log.Source(_log.Note(_log.Size, RotatedLog.Key(0))));
        Assert.Equal(Verdict.NotValid, report.Verdict);
        VerificationFault fault = Assert.Single(report.Faults);
        Assert.Equal("rotation", fault.What);
        Assert.Contains("evidence against the log", fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_new_key_signing_below_the_handover_is_refused()
    {
        TlogProof handover = _log.Rotate(0, 1);
        Assert.Contains("signs nothing below", Assert.Single((await VerifyAsync(0, _log.Source(_log.Note(200, RotatedLog.Key(1)), handover))).Faults).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_without_its_beginning_its_middle_or_its_end_leads_nowhere()
    {
        TlogProof[] all = [_log.Rotate(0, 1), _log.Rotate(1, 2), _log.Rotate(2, 3)];
        byte[] note = _log.Note(_log.Size, RotatedLog.Key(3));
        foreach (TlogProof[] shown in (TlogProof[][])[[], [all[0]], all[..2], [all[0], all[2]], all[1..], [all[2]]])
        {
            VerificationReport report = await VerifyAsync(0, _log.Source(note, shown));
            Assert.True(report.Verdict == Verdict.NotValid, $"{shown.Length} handovers");
        }

        // Whoever pins the second key needs nothing from before it.
        Assert.Equal(Verdict.Valid, (await VerifyAsync(1, _log.Source(note, all[1..]))).Verdict);
    }

    [Fact]
    public async Task Handovers_in_another_order_or_twice_are_refused()
    {
        TlogProof[] all = [_log.Rotate(0, 1), _log.Rotate(1, 2), _log.Rotate(2, 3)];
        byte[] note = _log.Note(_log.Size, RotatedLog.Key(3));
        foreach (TlogProof[] shown in (TlogProof[][])[[all[1], all[0], all[2]], [all[0], all[2], all[1]], [.. all.Reverse()], [all[0], all[0], all[1], all[2]]])
        {
            VerificationReport report = await VerifyAsync(0, _log.Source(note, shown));
            Assert.Contains(report.Faults, fault => fault.What == "handover" && fault.Detail.Contains("does not follow on", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_key_that_comes_back_is_refused()
    {
        TlogProof[] all = [_log.Rotate(0, 1), _log.Rotate(1, 0)];
        Assert.Equal("A key comes twice in the handovers.", (await VerifyAsync(0, _log.Source(_log.Note(_log.Size, RotatedLog.Key(0)), all))).Faults[0].Detail);
    }

    [Fact]
    public async Task A_handover_at_a_head_that_is_not_the_logs_is_found_out()
    {
        TlogProof handover = _log.Rotate(0, 1);
        var fork = new RotatedLog().Fill(299);
        fork.Announce(RotatedLog.Key(0), RotatedLog.Key(5));
        fork.Fill(50);
        VerificationReport report = await VerifyAsync(0, fork.Source(fork.Note(fork.Size, RotatedLog.Key(1)), handover));
        Assert.Contains(report.Faults, fault => fault.What == "head");
    }

    [Fact]
    public async Task Every_bit_of_a_handover_counts()
    {
        TlogProof handover = _log.Rotate(0, 1);
        byte[] note = _log.Note(_log.Size, RotatedLog.Key(1));
        byte[] list = HandoverList.Format([handover]);
        KeyChain pinned = KeyChain.Of(RotatedLog.Key(0).VerifierKey, NoteVerifiers.OfLog);
        for (int bit = 0; bit < 8 * list.Length; bit++)
        {
            byte[] altered = [.. list];
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                pinned.With(altered).Verify(note, out _);
                Assert.Fail($"bit {bit} does not count");
            }
            catch (Exception e) when (e is TlogFormatException or VerificationException)
            {
                // As it must be.
            }
        }

        Assert.Equal(Verdict.Valid, (await VerifyAsync(0, _log.Source(note, list))).Verdict);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\n\n")]
    [InlineData("x")]
    public async Task A_list_with_something_behind_it_is_none(string behind)
    {
        byte[] list = HandoverList.Format([_log.Rotate(0, 1), _log.Rotate(1, 2)]);
        VerificationReport report = await VerifyAsync(0, _log.Source(_log.Note(_log.Size, RotatedLog.Key(2)), [.. list, .. Encoding.UTF8.GetBytes(behind)]));
        Assert.Equal(Verdict.NotValid, report.Verdict);
        Assert.Equal("handover", report.Faults[0].What);
    }

    private static string LineOf(NoteSignature signature, byte[] bytes)
    {
        byte[] id = [(byte)(signature.KeyId >> 24), (byte)(signature.KeyId >> 16), (byte)(signature.KeyId >> 8), (byte)signature.KeyId];
        return Convert.ToBase64String([.. id, .. bytes]);
    }

    private static async Task<VerificationReport> VerifyAsync(int pinned, ILogSource source) =>
        (await new LogVerifier(RotatedLog.Verifier(pinned), source).VerifyAsync(CancellationToken.None)).Report;

    /// <summary>Whoever pins the first key does not believe the log that goes on under <paramref name="signer"/>.</summary>
    private async Task RefusedAsync(string why, TlogProof[] handovers, NoteSigner signer)
    {
        _log.Fill(5);
        VerificationReport report = await VerifyAsync(0, _log.Source(_log.Note(_log.Size, signer), handovers));
        Assert.Equal(Verdict.NotValid, report.Verdict);
        Assert.Contains(report.Faults, fault => fault.What == "handover");
        Assert.Contains(why, report.Faults[0].Detail, StringComparison.Ordinal);
    }
}
