using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Indelible.Detection;
using Indelible.Engine;
using Indelible.Engine.Configuration;
using Indelible.Merkle;

namespace Indelible.Server.Detection;

/// <summary>Keeps what correlations remember of a log in <c>logs/NAME/detection.cache</c>, so that a start need not go over the log again.</summary>
/// <remarks>
/// <code>
///   0  "INDDET01"
///   8  u64 how many entries of the log rules were asked of, 32 bytes the root of those entries
///  48  u64 how many entries _alerts had then, 32 bytes their root
///  88  32 bytes: SHA-256 of what the rules and the program come to
/// 120  32 random bytes
/// 152  what is remembered, AES-256-GCM
///      16 bytes: its tag
/// </code>
/// A cache and nothing else. What follows from entries is the same whether one goes on from here or goes over all of them, so an older one only takes longer, and none at all as well. It is taken where it is of this
/// log, of these rules and of this program, and everything that was found until then stands in <c>_alerts</c> as it is now: a folder that was set back, in whole or in part, has none. It holds what rules group by,
/// addresses and persons among it, so it is encrypted, and bound to all that stands before it and to the log's origin.
/// </remarks>
/// <param name="engine">Where the logs are.</param>
/// <param name="set">The rules.</param>
/// <param name="onDamaged">Told of a file that should open and does not, with the log's name; null for nobody.</param>
internal sealed class DetectionCache(LogEngine engine, RuleSet set, Action<string, Exception>? onDamaged = null)
{
    private const int HeaderBytes = 152;
    private const int RandomAt = 120;
    private const int RandomBytes = 32;
    private const int TagBytes = 16;
    private const int KeyBytes = 32;

    private readonly byte[] _key = engine.DeriveKey("detection-cache/v1");
    private readonly byte[] _asked = SHA256.HashData(Encoding.UTF8.GetBytes($"{set.Sha256}\n{set.Rules.Rules.Count}\n{set.Rules.CorrelationCount}\n{typeof(Correlator).Module.ModuleVersionId}"));

    private static ReadOnlySpan<byte> Magic => "INDDET01"u8;

    /// <summary>Keeps it.</summary>
    /// <param name="log">The log.</param>
    /// <param name="next">How many of its entries the correlator has followed; everything that was found in them is durable in <c>_alerts</c>.</param>
    /// <param name="correlator">What remembers.</param>
    /// <returns>How many bytes it took.</returns>
    /// <exception cref="IOException">It could not be written, or is too much.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write it.</exception>
    public long Write(LogReader log, long next, Correlator correlator)
    {
        using var stream = new MemoryStream();
        stream.SetLength(HeaderBytes);
        stream.Position = HeaderBytes;
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
        {
            correlator.Save(writer);
        }

        stream.SetLength(stream.Length + TagBytes);
        Span<byte> file = stream.GetBuffer().AsSpan(0, (int)stream.Length);
        Magic.CopyTo(file);
        Describe(log, next, file[8..]);
        Describe(Alerts, Alerts?.Size ?? 0, file[48..]);
        _asked.CopyTo(file[88..]);
        RandomNumberGenerator.Fill(file.Slice(RandomAt, RandomBytes));
        Span<byte> state = file[HeaderBytes..^TagBytes];
        using AesGcm cipher = Cipher(file);
        cipher.Encrypt(stackalloc byte[12], state, state, file[^TagBytes..], Context(file, log));
        engine.Folder.WriteDetection(log.Settings.Name, file);
        return file.Length;
    }

    /// <summary>What was kept, where one can go on from there.</summary>
    /// <param name="log">The log.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="history">What was before.</param>
    /// <returns>Goes on from there, with the number of entries that it has followed; null where there is nothing to go on from.</returns>
    public (Correlator Correlator, long Next)? Read(LogReader log, CompiledRules rules, IEventHistory history)
    {
        try
        {
            return engine.Folder.ReadDetection(log.Settings.Name) is { } file ? Read(file, log, rules, history) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or FormatException or CryptographicException or ArgumentException)
        {
            onDamaged?.Invoke(log.Settings.Name, e);
            return null;
        }
    }

    private LogReader? Alerts => engine.FindCurrent(LogName.Alerts);

    private (Correlator Correlator, long Next)? Read(Span<byte> file, LogReader log, CompiledRules rules, IEventHistory history)
    {
        if (file.Length < HeaderBytes + TagBytes || !file.StartsWith(Magic) || !Holds(log, file[8..]) || !Holds(Alerts, file[48..]) || !file.Slice(88, _asked.Length).SequenceEqual(_asked))
        {
            return null;
        }

        byte[] state = new byte[file.Length - HeaderBytes - TagBytes];
        using AesGcm cipher = Cipher(file);
        cipher.Decrypt(stackalloc byte[12], file[HeaderBytes..^TagBytes], file[^TagBytes..], state, Context(file, log));
        using var reader = new BinaryReader(new MemoryStream(state, writable: false));
        return (Correlator.Load(rules, history, reader), BinaryPrimitives.ReadInt64BigEndian(file[8..]));
    }

    /// <summary>Says how many entries a log has, and which.</summary>
    private static void Describe(LogReader? log, long size, Span<byte> into)
    {
        BinaryPrimitives.WriteInt64BigEndian(into, size);
        (log?.HeadAt(size).Root ?? default).CopyTo(into[8..]);
    }

    /// <summary>Whether a log begins with the entries that are described.</summary>
    private static bool Holds(LogReader? log, ReadOnlySpan<byte> description)
    {
        long size = BinaryPrimitives.ReadInt64BigEndian(description);
        return size >= 0 && size <= (log?.Size ?? 0) && (log?.HeadAt(size).Root ?? default) == new Hash(description.Slice(8, Hash.Size));
    }

    /// <summary>Under a key of this file alone, so that nonces need not differ.</summary>
    private AesGcm Cipher(ReadOnlySpan<byte> file)
    {
        Span<byte> own = stackalloc byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, own, file.Slice(RandomAt, RandomBytes), "indelible detection cache 1"u8);
        var cipher = new AesGcm(own, TagBytes);
        CryptographicOperations.ZeroMemory(own);
        return cipher;
    }

    /// <summary>What the tag speaks for as well.</summary>
    private static byte[] Context(ReadOnlySpan<byte> file, LogReader log) => [.. file[..HeaderBytes], .. Encoding.UTF8.GetBytes(log.Settings.Origin)];
}
