using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;
using Indelible.Merkle;
using Indelible.Privacy;

namespace Indelible.Events;

/// <summary>Makes entries of claims: seals the personal values and adds the envelope, in one pass over the claim. Thread-safe.</summary>
public static class EntryBuilder
{
    /// <summary>Bytes of the salt.</summary>
    public const int SaltSize = 16;

    [ThreadStatic]
    private static Scratch? t_scratch;

    /// <summary>Makes an entry.</summary>
    /// <param name="claim">A valid claim.</param>
    /// <param name="context">What the server knows; trusted, checked for its form.</param>
    /// <param name="entry">The entry, or null.</param>
    /// <param name="faults">Why not: it is too long with its sealed values and envelope, or signed and personal at once.</param>
    /// <exception cref="ArgumentException">The context's time, salt or origin has not its form.</exception>
    public static bool TryBuild(
        Claim claim,
        in EntryContext context,
        [NotNullWhen(true)] out BuiltEntry? entry,
        out IReadOnlyList<Fault> faults)
    {
        ArgumentNullException.ThrowIfNull(claim);
        CheckContext(context);
        Scratch scratch = t_scratch ?? new Scratch();

        // Not reachable while in use: a key source that builds an entry of its own gets another.
        t_scratch = null;
        scratch.Length = 0;
        scratch.Places.Clear();
        context.PersonalFields.Find(claim, scratch.Places);
        Fault? fault = null;
        entry = claim.IsSigned && scratch.Places.Count > 0 ? null : Assemble(claim, context, scratch, out fault);
        faults = entry is not null
            ? []
            : [fault ?? new Fault("/producer/signature", FaultCode.NotAllowed,
                $"the log seals {scratch.Places[0].Pointer}: a signature would outlive its erasure")];
        scratch.Places.Clear();
        t_scratch = scratch;
        return entry is not null;
    }

    /// <summary>Makes an entry.</summary>
    /// <param name="claim">A valid claim.</param>
    /// <param name="context">What the server knows; trusted, checked for its form.</param>
    /// <exception cref="TlogFormatException">No entry can be made of it; the message names the fault.</exception>
    /// <exception cref="ArgumentException">The context's time, salt or origin has not its form.</exception>
    public static BuiltEntry Build(Claim claim, in EntryContext context) =>
        TryBuild(claim, context, out BuiltEntry? entry, out IReadOnlyList<Fault> faults)
            ? entry
            : throw new TlogFormatException($"No entry can be made of event {claim.Id}: {faults[0]}");

    private static void CheckContext(in EntryContext context)
    {
        Span<byte> receivedAt = stackalloc byte[Instant.FixedWidth];
        if (context.ReceivedAt is not { Length: Instant.FixedWidth }
            || !Encoding.UTF8.TryGetBytes(context.ReceivedAt, receivedAt, out int length)
            || !Instant.TryParse(receivedAt[..length], out _))
        {
            throw new ArgumentException(
                $"received_at is an instant of {Instant.FixedWidth} characters, not '{context.ReceivedAt}'.", nameof(context));
        }

        if (context.Salt.Length != SaltSize)
        {
            throw new ArgumentException($"A salt is {SaltSize} bytes, not {context.Salt.Length}.", nameof(context));
        }

        if (string.IsNullOrEmpty(context.Origin) || Encoding.UTF8.GetByteCount(context.Origin) > EventLimits.OriginBytes)
        {
            throw new ArgumentException($"An origin is 1 to {EventLimits.OriginBytes} bytes.", nameof(context));
        }
    }

    // The claim as persisted is written first, because it is hashed whole; the envelope's members then go in where they sort.
    private static BuiltEntry? Assemble(Claim claim, in EntryContext context, Scratch scratch, out Fault? fault)
    {
        fault = null;
        CanonicalDocument document = claim.Document;
        ReadOnlySpan<CanonicalNode> nodes = document.Nodes;
        int place = 0;
        int copied = 0;
        int beforeIngest = -1;
        int beforeReceivedAt = -1;
        int beforeSalt = -1;
        for (int name = 1; name < nodes.Length; name = nodes[name + 1].Next)
        {
            scratch.Put(document.Bytes[copied..nodes[name].Start]);
            copied = nodes[name].Start;
            ReadOnlySpan<byte> quoted = document.Value(name);
            MarkIfAfter(quoted, "\"ingest\""u8, scratch.Length, ref beforeIngest);
            MarkIfAfter(quoted, "\"received_at\""u8, scratch.Length, ref beforeReceivedAt);
            MarkIfAfter(quoted, "\"salt\""u8, scratch.Length, ref beforeSalt);
            for (; place < scratch.Places.Count && scratch.Places[place].Node < nodes[name + 1].Next; place++)
            {
                PersonalPlace personal = scratch.Places[place];
                CanonicalNode value = nodes[personal.Node];
                scratch.Put(document.Bytes[copied..value.Start]);
                scratch.Put(context.Keys.For(personal.Subject)
                    .Seal(context.Origin, claim.Id, personal.Pointer, document.Value(personal.Node))
                    .ToJson());
                copied = value.End;
            }
        }

        scratch.Put(document.Bytes[copied..]);
        int persistedLength = scratch.Length;
        PutIngest(claim, context, scratch);
        ReadOnlySpan<byte> persisted = scratch.Written[..persistedLength];
        ReadOnlySpan<byte> ingest = scratch.Written[persistedLength..];
        int size = scratch.Length + ReceivedAtOpening.Length + Instant.FixedWidth + 2 + SaltOpening.Length + SaltLength + 2;
        if (size > EventLimits.EntryBytes)
        {
            fault = new Fault("", FaultCode.TooLong,
                $"{size} bytes with sealed values and envelope; an entry has at most {EventLimits.EntryBytes}");
            return null;
        }

        byte[] bytes = new byte[size];
        Span<byte> rest = bytes;
        Put(ref rest, persisted[..beforeIngest]);
        Put(ref rest, ingest);
        Put(ref rest, persisted[beforeIngest..beforeReceivedAt]);
        Put(ref rest, ReceivedAtOpening);
        int receivedAtOffset = size - rest.Length;
        rest = rest[Encoding.ASCII.GetBytes(context.ReceivedAt, rest)..];
        Put(ref rest, "\","u8);
        Put(ref rest, persisted[beforeReceivedAt..beforeSalt]);
        Put(ref rest, SaltOpening);
        rest = rest[Base64Url.EncodeToUtf8(context.Salt.Span, rest)..];
        Put(ref rest, "\","u8);
        Put(ref rest, persisted[beforeSalt..]);

        Span<byte> hash = stackalloc byte[Hash.Size];
        Sha256.HashData(persisted, hash);
        return new BuiltEntry(bytes, receivedAtOffset, new Hash(hash), claim.Id, context.Ingest.Principal);
    }

    private const int SaltLength = 22;

    private static ReadOnlySpan<byte> ReceivedAtOpening => "\"received_at\":\""u8;

    private static ReadOnlySpan<byte> SaltOpening => "\"salt\":\""u8;

    // Each of the three always has a member after it, because "schema" is required: so a comma always follows.
    private static void MarkIfAfter(ReadOnlySpan<byte> name, ReadOnlySpan<byte> inserted, int at, ref int mark)
    {
        if (mark < 0 && name.SequenceCompareTo(inserted) > 0)
        {
            mark = at;
        }
    }

    // "ingest":{…}, with its comma.
    private static void PutIngest(Claim claim, in EntryContext context, Scratch scratch)
    {
        Ingest ingest = context.Ingest;
        Span<byte> number = stackalloc byte[20];
        Utf8Formatter.TryFormat(ingest.AuthAt, number, out int digits);
        scratch.Put("\"ingest\":{\"auth_at\":"u8);
        scratch.Put(number[..digits]);
        scratch.Put(",\"key_id\":"u8);
        PutText(scratch, ingest.KeyId);
        scratch.Put(",\"principal\":"u8);
        PutText(scratch, ingest.Principal);
        scratch.Put(",\"protocol\":"u8);
        PutText(scratch, ingest.Protocol);
        if (ingest.RemoteIp is not null)
        {
            scratch.Put(",\"remote_ip\":"u8);
            int start = scratch.Length;
            PutText(scratch, ingest.RemoteIp);
            byte[] sealedIp = context.Keys.For(claim.ActorId)
                .Seal(context.Origin, claim.Id, PersonalFields.RemoteIp, scratch.Written[start..])
                .ToJson();
            scratch.Length = start;
            scratch.Put(sealedIp);
        }

        scratch.Put("},"u8);
    }

    // The server's own short names: canonical as they are, or made so.
    private static void PutText(Scratch scratch, string text)
    {
        bool plain = !text.AsSpan().ContainsAny('"', '\\') && !text.AsSpan().ContainsAnyExceptInRange(' ', '~');
        if (!plain)
        {
            string escaped = JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text);
            scratch.Put(CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes($"\"{escaped}\"")));
            return;
        }

        scratch.Put("\""u8);
        scratch.PutAscii(text);
        scratch.Put("\""u8);
    }

    private static void Put(ref Span<byte> rest, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(rest);
        rest = rest[bytes.Length..];
    }

    // Memory of one thread that grows to the largest entry seen and is used again.
    private sealed class Scratch
    {
        private byte[] _bytes = new byte[8192];

        public int Length { get; set; }

        public List<PersonalPlace> Places { get; } = [];

        public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

        public void Put(ReadOnlySpan<byte> bytes)
        {
            Ensure(bytes.Length);
            bytes.CopyTo(_bytes.AsSpan(Length));
            Length += bytes.Length;
        }

        public void PutAscii(string text)
        {
            Ensure(text.Length);
            Length += Encoding.ASCII.GetBytes(text, _bytes.AsSpan(Length));
        }

        private void Ensure(int bytes)
        {
            if (_bytes.Length - Length < bytes)
            {
                Array.Resize(ref _bytes, Math.Max(Length + bytes, _bytes.Length * 2));
            }
        }
    }
}
