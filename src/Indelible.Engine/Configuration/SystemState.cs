using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Indelible.Engine.Access;
using Indelible.Merkle;

namespace Indelible.Engine.Configuration;

/// <summary>A log as configured.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Origin">Its identity in checkpoints, for ever.</param>
/// <param name="Vkey">The key that its checkpoints are verified with: of a log in service the current one, in the configuration the first.</param>
/// <param name="IsPublic">Whether checkpoint and hash tiles may be read without a key. Entries never may.</param>
/// <param name="PersonalPointers">Further members that are encrypted, as JSON Pointers; <c>-</c> stands for any array index.</param>
/// <param name="CreatedAtSize">The size of <c>_system</c> that this log exists from.</param>
public sealed record LogSettings(string Name, string Origin, string Vkey, bool IsPublic, ImmutableArray<string> PersonalPointers, long CreatedAtSize);

/// <summary>A log that a restore has finished, because more of it was signed than could be restored.</summary>
/// <param name="Vkey">The key that its checkpoints are verified with; it signs nothing any more.</param>
/// <param name="Head">How many entries were restored, and their root.</param>
/// <param name="Checkpoint">The last signed checkpoint that the restored entries make.</param>
/// <param name="Successor">The log that goes on in its place.</param>
public sealed record FrozenLog(string Vkey, TreeHead Head, string Checkpoint, string Successor);

/// <summary>A producer that is expected to be heard of, so that its silence shows.</summary>
/// <param name="Log">The log that it sends to.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Principal">Whose events count; null for anybody's.</param>
/// <param name="Service">The <c>service.name</c> that counts; null for any.</param>
/// <param name="Instance">The <c>service.instance_id</c> that counts; null for any.</param>
/// <param name="Interval">How long it may be silent.</param>
/// <param name="Since">When it was entered: it has not been silent for longer.</param>
public sealed record ExpectedSource(string Log, string Name, string? Principal, string? Service, string? Instance, TimeSpan Interval, DateTimeOffset Since)
{
    /// <summary>Whether this is about a log: the one named, or one that goes on in its place.</summary>
    public bool IsOf(string log)
    {
        ArgumentNullException.ThrowIfNull(log);
        return Log == log || (LogName.LineOf(Log) == LogName.LineOf(log) && LogName.IncarnationOf(Log) < LogName.IncarnationOf(log));
    }
}

/// <summary>The configuration that the first <paramref name="Size"/> entries of <c>_system</c> make. Immutable.</summary>
/// <param name="Size">How many entries were folded.</param>
/// <param name="Logs">The logs by name.</param>
/// <param name="Keys">The keys by id.</param>
/// <param name="KeyIdByHash">The keys' ids by the hash of the key.</param>
public sealed record SystemState(
    long Size,
    ImmutableDictionary<string, LogSettings> Logs,
    ImmutableDictionary<string, ApiKey> Keys,
    ImmutableDictionary<string, string> KeyIdByHash)
{
    /// <summary>The logs that were finished by a restore, by name: read, and never appended to again.</summary>
    public ImmutableDictionary<string, FrozenLog> Frozen { get; init; } = ImmutableDictionary.Create<string, FrozenLog>(StringComparer.Ordinal);

    /// <summary>The principals that were entered, by name.</summary>
    public ImmutableDictionary<string, Principal> Principals { get; init; } = ImmutableDictionary.Create<string, Principal>(StringComparer.Ordinal);

    /// <summary>The grants that were not taken back, by id.</summary>
    public ImmutableDictionary<string, Grant> Grants { get; init; } = ImmutableDictionary.Create<string, Grant>(StringComparer.Ordinal);

    /// <summary>The issuers whose tokens are believed, by id.</summary>
    public ImmutableDictionary<string, Issuer> Issuers { get; init; } = ImmutableDictionary.Create<string, Issuer>(StringComparer.Ordinal);

    /// <summary>The client certificates that are believed, by id.</summary>
    public ImmutableDictionary<string, TrustedCertificate> Certificates { get; init; } = ImmutableDictionary.Create<string, TrustedCertificate>(StringComparer.Ordinal);

    /// <summary>The producers that are expected, by log and name.</summary>
    public ImmutableDictionary<(string Log, string Name), ExpectedSource> Expected { get; init; } = ImmutableDictionary<(string Log, string Name), ExpectedSource>.Empty;

    /// <summary>The rotations of each log's key, in order, by name; the last may be under way.</summary>
    public ImmutableDictionary<string, ImmutableArray<AnnouncedKey>> Rotations { get; init; } = ImmutableDictionary.Create<string, ImmutableArray<AnnouncedKey>>(StringComparer.Ordinal);

    /// <summary>The rotations of the receipts' key, in order; the last may be under way.</summary>
    public ImmutableArray<AnnouncedKey> ReceiptsRotations { get; init; } = [];

    /// <summary>The first key of the log that holds the last entry folded; null before the first.</summary>
    public string? Vkey { get; init; }

    /// <summary>The version of the software that runs on the folder; null where it was never entered.</summary>
    public string? Version { get; init; }

    /// <summary>The configuration before the first entry.</summary>
    public static SystemState Empty { get; } = new(
        0,
        ImmutableDictionary.Create<string, LogSettings>(StringComparer.Ordinal),
        ImmutableDictionary.Create<string, ApiKey>(StringComparer.Ordinal),
        ImmutableDictionary.Create<string, string>(StringComparer.Ordinal));

    /// <summary>Finds the key that a caller presented.</summary>
    /// <param name="presented">Untrusted text.</param>
    /// <returns>The key, revoked or not, or null.</returns>
    /// <remarks>
    /// Looked up by its SHA-256: what the look-up's time tells concerns the hash of a 256-bit random secret, from which nothing
    /// about a valid key follows. The full hash is then compared in constant time.
    /// </remarks>
    public ApiKey? FindKey(string presented)
    {
        string hash = ApiKeyText.HashOf(presented);
        return KeyIdByHash.TryGetValue(hash, out string? id) && Keys.TryGetValue(id, out ApiKey? key)
            && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(hash), Encoding.ASCII.GetBytes(key.HashText))
            ? key
            : null;
    }
}
