using System.Buffers.Text;
using System.Security.Cryptography;
using Indelible.Privacy;
using Xunit;

namespace Indelible.Tests.Privacy;

public class PersonalKeyTests
{
    private const string Origin = "audit.example/logs/main";
    private const string EventId = "01931c3e-7f3a-7c31-9a55-3f6d0c2b9e10";
    private const string Pointer = "/source/ip";

    private static readonly byte[] s_key = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();

    [Fact]
    public void Gives_the_published_vector()
    {
        using var key = new PersonalKey(s_key);

        SealedValue value = key.Seal(Origin, EventId, Pointer, "\"192.0.2.7\""u8);

        Assert.Equal(
            """{"$pii":{"com":"QSNIfykyhB8jCt9993pA7_ybB6JUt3mhrfjfuek1bao","ct":"g6KPLBvVeT66dTvBG5NIpn9rNwct4Fex4h9cw1DxjP_zsHf0by3uP_lsbW8YZ1vP","key":"I1MPsgUEkXl-7MUOEl9mgg","v":1}}"""u8,
            value.ToJson());
        Assert.Equal(OpenResult.Opened, key.TryOpen(Origin, EventId, Pointer, value, out Opening? opening));
        Assert.Equal("Z8NcHmiVBInJ4n9rUL72WrgH4DKK3oQRbVukkbHa88Q", opening!.RText);
        Assert.Equal("\"192.0.2.7\""u8, opening.Value.Span);
        Assert.True(opening.VerifyCommitment(Origin, EventId, value.Commitment));
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("null")]
    [InlineData("\"exactly thirty-two bytes long..\"")]
    [InlineData("\"one more than thirty-two bytes...\"")]
    [InlineData("{\"a\":[1,2,{\"b\":\"\u00e9\u20ac\"}]}")]
    public void Opens_what_it_sealed(string json)
    {
        using var key = new PersonalKey(s_key);
        byte[] value = System.Text.Encoding.UTF8.GetBytes(json);

        SealedValue sealedValue = key.Seal(Origin, EventId, Pointer, value);

        Assert.True(SealedValue.TryParse(sealedValue.ToJson(), out SealedValue? parsed));
        Assert.Equal(OpenResult.Opened, key.TryOpen(Origin, EventId, Pointer, parsed, out Opening? opening));
        Assert.Equal(value, opening!.Value.ToArray());
        Assert.Equal(0, (sealedValue.Ciphertext.Length - SealedValue.TagSize) % 32);
    }

    [Fact]
    public void Equal_inputs_give_equal_bytes_and_different_places_different_ones()
    {
        using var key = new PersonalKey(s_key);
        using var again = new PersonalKey(s_key);

        byte[] sealedHere = key.Seal(Origin, EventId, Pointer, "1"u8).ToJson();

        Assert.Equal(sealedHere, again.Seal(Origin, EventId, Pointer, "1"u8).ToJson());
        Assert.NotEqual(sealedHere, key.Seal(Origin, EventId, "/source/i", "1"u8).ToJson());
        Assert.NotEqual(sealedHere, key.Seal(Origin + "p", EventId, Pointer, "1"u8).ToJson());
        Assert.NotEqual(sealedHere, key.Seal(Origin, EventId, Pointer, "2"u8).ToJson());
    }

    [Fact]
    public void A_changed_bit_anywhere_is_damage_and_never_a_value()
    {
        using var key = new PersonalKey(s_key);
        SealedValue value = key.Seal(Origin, EventId, Pointer, "\"192.0.2.7\""u8);
        byte[] commitment = value.Commitment.Bytes.ToArray();
        byte[] ciphertext = value.Ciphertext.ToArray();

        for (int bit = 0; bit < (commitment.Length + ciphertext.Length) * 8; bit++)
        {
            byte[] all = [.. commitment, .. ciphertext];
            all[bit / 8] ^= (byte)(1 << (bit % 8));
            SealedValue changed = Sealed(all.AsSpan(0, 32), all.AsSpan(32), key.Id);

            Assert.Equal(OpenResult.Damaged, key.TryOpen(Origin, EventId, Pointer, changed, out Opening? opening));
            Assert.Null(opening);
        }
    }

    [Theory]
    [InlineData("audit.example/logs/other", EventId, Pointer)]
    [InlineData(Origin, "01931c3e-7f3a-7c31-9a55-3f6d0c2b9e11", Pointer)]
    [InlineData(Origin, EventId, "/actor/name")]
    [InlineData("audit.example/logs/main0", "1931c3e-7f3a-7c31-9a55-3f6d0c2b9e10", Pointer)]
    public void A_value_moved_elsewhere_is_damaged(string origin, string eventId, string pointer)
    {
        using var key = new PersonalKey(s_key);
        SealedValue value = key.Seal(Origin, EventId, Pointer, "\"192.0.2.7\""u8);
        key.TryOpen(Origin, EventId, Pointer, value, out Opening? opening);

        Assert.Equal(OpenResult.Damaged, key.TryOpen(origin, eventId, pointer, value, out _));
        Assert.False(new Opening(pointer, opening!.Value, opening.R).VerifyCommitment(origin, eventId, value.Commitment));
    }

    [Theory]
    [InlineData("\"a\"", 64)]
    [InlineData("\"a\"", 96)]
    [InlineData("", 32)]
    [InlineData(" 1", 32)]
    [InlineData("1.0", 32)]
    [InlineData("{\"b\":1,\"a\":1}", 32)]
    [InlineData("\"a\"\t", 32)]
    public void Consistent_seals_of_what_is_not_padded_canonical_json_are_damaged(string plain, int length)
    {
        // Whoever holds the subject's key can make a commitment and a ciphertext that fit each other around anything.
        using var key = new PersonalKey(s_key);
        byte[] padded = System.Text.Encoding.UTF8.GetBytes(plain.PadRight(length));

        SealedValue forged = SealRaw(padded);

        Assert.Equal(OpenResult.Damaged, key.TryOpen(Origin, EventId, Pointer, forged, out _));
    }

    [Fact]
    public void Another_subjects_key_says_so()
    {
        using var key = new PersonalKey(s_key);
        using var other = new PersonalKey(new byte[32]);

        Assert.Equal(OpenResult.OtherKey, other.TryOpen(Origin, EventId, Pointer, key.Seal(Origin, EventId, Pointer, "1"u8), out _));
        Assert.NotEqual(key.Id, other.Id);
    }

    [Fact]
    public void An_opening_verifies_for_its_own_value_alone()
    {
        using var key = new PersonalKey(s_key);
        SealedValue value = key.Seal(Origin, EventId, Pointer, "\"192.0.2.7\""u8);
        key.TryOpen(Origin, EventId, Pointer, value, out Opening? opening);

        Assert.False(new Opening(Pointer, "\"192.0.2.8\""u8.ToArray(), opening!.R).VerifyCommitment(Origin, EventId, value.Commitment));
        Assert.False(new Opening(Pointer, "\"192.0.2.7\" "u8.ToArray(), opening.R).VerifyCommitment(Origin, EventId, value.Commitment));
        Assert.False(new Opening(Pointer, opening.Value, new byte[32]).VerifyCommitment(Origin, EventId, value.Commitment));
    }

    [Fact]
    public void A_disposed_key_seals_and_opens_nothing()
    {
        var key = new PersonalKey(s_key);
        SealedValue value = key.Seal(Origin, EventId, Pointer, "1"u8);

        key.Dispose();

        Assert.Throws<ObjectDisposedException>(() => key.Seal(Origin, EventId, Pointer, "1"u8));
        Assert.Throws<ObjectDisposedException>(() => key.TryOpen(Origin, EventId, Pointer, value, out _));
    }

    [Fact]
    public void Many_threads_may_use_one_key_at_once()
    {
        using var key = new PersonalKey(s_key);
        byte[] expected = key.Seal(Origin, EventId, Pointer, "\"x\""u8).ToJson();

        bool[] same = Enumerable.Range(0, 2_000).AsParallel().WithDegreeOfParallelism(8).Select(_ =>
        {
            SealedValue value = key.Seal(Origin, EventId, Pointer, "\"x\""u8);
            return value.ToJson().AsSpan().SequenceEqual(expected)
                && key.TryOpen(Origin, EventId, Pointer, value, out Opening? _) == OpenResult.Opened;
        }).ToArray();

        Assert.DoesNotContain(false, same);
    }

    [Theory]
    [InlineData("""{"$pii":{"com":"QSNI","ct":"g6KP","key":"I1MPsgUEkXl-7MUOEl9mgg","v":1}}""")]
    [InlineData("""{"$pii":{"com":"QSNIfykyhB8jCt9993pA7_ybB6JUt3mhrfjfuek1bao","ct":"g6KPLBvVeT66dTvBG5NIpn9rNwct4Fex4h9cw1DxjP_zsHf0by3uP_lsbW8YZ1vP","key":"I1MPsgUEkXl-7MUOEl9mgg","v":2}}""")]
    [InlineData("""{"$pii":{"com":"QSNIfykyhB8jCt9993pA7_ybB6JUt3mhrfjfuek1bap","ct":"g6KPLBvVeT66dTvBG5NIpn9rNwct4Fex4h9cw1DxjP_zsHf0by3uP_lsbW8YZ1vP","key":"I1MPsgUEkXl-7MUOEl9mgg","v":1}}""")]
    [InlineData("""{"$pii":{"com":"QSNIfykyhB8jCt9993pA7_ybB6JUt3mhrfjfuek1bao","ct":"g6KPLBvVeT66dTvBG5NIpn9rNwct4Fex4h9cw1DxjP_zsHf0by3uP_lsbW8YZ1vP","key":"I1MPsgUEkXl-7MUOEl9mgg","v":1},"x":1}""")]
    [InlineData("""{"$pii":{"com":"QSNIfykyhB8jCt9993pA7_ybB6JUt3mhrfjfuek1bao","ct":"g6KPLBvVeT66dTvBG5NIpn9rNwct4Fex4h9cw1DxjP_zsHf0by3uP_lsbW8YZ1vP","key":"I1MPsgUEkXl-7MUOEl9mgg","v":1,"w":1}}""")]
    [InlineData("""{"$pii":{"ct":"g6KPLBvVeT66dTvBG5NIpn9rNwct4Fex4h9cw1DxjP_zsHf0by3uP_lsbW8YZ1vP","key":"I1MPsgUEkXl-7MUOEl9mgg","v":1}}""")]
    [InlineData("""{"$pii":1}""")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("\"$pii\"")]
    public void Refuses_every_other_spelling_of_a_sealed_value(string json) =>
        Assert.False(SealedValue.TryParse(System.Text.Encoding.UTF8.GetBytes(json), out _));

    private static SealedValue Sealed(ReadOnlySpan<byte> commitment, ReadOnlySpan<byte> ciphertext, string keyId)
    {
        string json = $$$"""{"$pii":{"com":"{{{Base64Url.EncodeToString(commitment)}}}","ct":"{{{Base64Url.EncodeToString(ciphertext)}}}","key":"{{{keyId}}}","v":1}}""";
        Assert.True(SealedValue.TryParse(System.Text.Encoding.UTF8.GetBytes(json), out SealedValue? value));
        return value;
    }

    // Construction A once more, straight from its text, over a plaintext of the caller's choice.
    private static SealedValue SealRaw(byte[] padded)
    {
        byte[] openingKey = HKDF.Expand(HashAlgorithmName.SHA256, s_key, 32, "indelible.dev/pii/v1 open"u8.ToArray());
        byte[] encryptionKey = HKDF.Expand(HashAlgorithmName.SHA256, s_key, 32, "indelible.dev/pii/v1 enc"u8.ToArray());
        byte[] keyId = HKDF.Expand(HashAlgorithmName.SHA256, s_key, 16, "indelible.dev/pii/v1 kid"u8.ToArray());
        byte[] context = [.. Prefixed(Origin), .. Prefixed(EventId), .. Prefixed(Pointer)];
        byte[] r = HMACSHA256.HashData(openingKey, context.Concat(padded).ToArray());
        byte[] committed = [.. "indelible.dev/pii/v1 com\0"u8, .. context, .. r, .. padded];
        byte[] commitment = SHA256.HashData(committed);
        byte[] ciphertext = new byte[padded.Length];
        byte[] tag = new byte[16];
        using var cipher = new AesGcm(encryptionKey, 16);
        cipher.Encrypt(commitment.AsSpan(0, 12), padded, ciphertext, tag, commitment);
        return Sealed(commitment, [.. ciphertext, .. tag], Base64Url.EncodeToString(keyId));
    }

    private static byte[] Prefixed(string text) => [(byte)(text.Length >> 8), (byte)text.Length, .. System.Text.Encoding.ASCII.GetBytes(text)];
}
