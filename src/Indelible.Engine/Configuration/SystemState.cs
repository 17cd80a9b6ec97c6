using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Indelible.Merkle;

namespace Indelible.Engine.Configuration;

/// <summary>What the key's bearer may do.</summary>
public enum KeyKind
{
    /// <summary>Manage logs and keys; neither append nor read entries.</summary>
    Admin,

    /// <summary>Append to its logs; not read.</summary>
    Writer,

    /// <summary>Read its logs; not append.</summary>
    Reader,
}

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

/// <summary>A key as configured: never the key itself.</summary>
/// <param name="Id">Its public id, which entries name.</param>
/// <param name="Kind">What it may do.</param>
/// <param name="Principal">Whose it is; a principal survives the rotation of its keys.</param>
/// <param name="Logs">The logs that it is for, by name; <c>*</c> stands for every log whose name does not start with <c>_</c>.</param>
/// <param name="Expires">When it ends, or null.</param>
/// <param name="HashText">SHA-256 of the key, base64url.</param>
/// <param name="IsRevoked">Whether it has been revoked.</param>
public sealed record ApiKey(
    string Id, KeyKind Kind, string Principal, ImmutableArray<string> Logs, DateTimeOffset? Expires, string HashText, bool IsRevoked)
{
    /// <summary>Whether the key is for this log, or for one that this log goes on in the place of; patterns never reach our own logs.</summary>
    public bool Covers(string log)
    {
        ArgumentNullException.ThrowIfNull(log);
        return Logs.Contains(log, StringComparer.Ordinal) || (Logs.Contains("*") && !log.StartsWith('_')) || GoesOnInPlaceOfOurs(log);
    }

    private bool GoesOnInPlaceOfOurs(string log)
    {
        int number = LogName.IncarnationOf(log);
        return number > 1 && Logs.Any(ours => ours != "*" && LogName.LineOf(ours) == LogName.LineOf(log) && LogName.IncarnationOf(ours) < number);
    }
}

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

    /// <summary>The producers that are expected, by log and name.</summary>
    public ImmutableDictionary<(string Log, string Name), ExpectedSource> Expected { get; init; } = ImmutableDictionary<(string Log, string Name), ExpectedSource>.Empty;

    /// <summary>The rotations of each log's key, in order, by name; the last may be under way.</summary>
    public ImmutableDictionary<string, ImmutableArray<AnnouncedKey>> Rotations { get; init; } = ImmutableDictionary.Create<string, ImmutableArray<AnnouncedKey>>(StringComparer.Ordinal);

    /// <summary>The rotations of the receipts' key, in order; the last may be under way.</summary>
    public ImmutableArray<AnnouncedKey> ReceiptsRotations { get; init; } = [];

    /// <summary>The first key of the log that holds the last entry folded; null before the first.</summary>
    public string? Vkey { get; init; }

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
