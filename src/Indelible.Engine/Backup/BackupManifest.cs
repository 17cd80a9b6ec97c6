using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Indelible.Engine.Configuration;
using Indelible.Engine.Privacy;
using Indelible.Engine.Storage;

namespace Indelible.Engine.Backup;

/// <summary>A log in a backup.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Origin">Its origin.</param>
/// <param name="Vkey">The key that its checkpoints are verified with, as the folder's configuration says.</param>
/// <param name="Size">How many entries the signed checkpoint covers.</param>
/// <param name="Root">Their root, base64.</param>
/// <param name="Checkpoint">The signed checkpoint that was the last when the backup began.</param>
/// <param name="Entries">How many entries the backup holds: at least <paramref name="Size"/>, since more may have been durable.</param>
/// <param name="Frozen">Whether an earlier restore has finished the log.</param>
public sealed record BackedUpLog(string Name, string Origin, string Vkey, long Size, string Root, string Checkpoint, long Entries, bool Frozen)
{
    /// <summary>The log's handovers from key to key, as a list; null where its key was never rotated.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Handovers { get; init; }
}

/// <summary>A file of a backup.</summary>
/// <param name="Path">Below the backup's folder, with slashes.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its hash, lower-case hex.</param>
public sealed record BackedUpFile(string Path, long Bytes, string Sha256);

/// <summary>What a backup is: the file that makes it one.</summary>
/// <param name="Format">Version of the layout: 1.</param>
/// <param name="Host">The host part of every origin.</param>
/// <param name="Time">When the backup began, by the clock of the machine that made it.</param>
/// <param name="State">The folder, below the backup's, that holds what changes from backup to backup.</param>
/// <param name="Logs">Every log.</param>
/// <param name="Files">Every file.</param>
/// <remarks>
/// <code>
/// JSON, LF
/// base64 of (SHA-256 of the lines before, wrapped by the master key), LF
/// SHA-256 of the lines before in lower-case hex, LF
/// </code>
/// The last line finds accidents. The one before it is what only a holder of the master key can make: whoever keeps the backup cannot
/// change it in a way that a restore does not notice, not even the entries that no signed head covers yet.
/// </remarks>
public sealed record BackupManifest(int Format, string Host, string Time, string State, IReadOnlyList<BackedUpLog> Logs, IReadOnlyList<BackedUpFile> Files)
{
    internal const int CurrentFormat = 1;

    /// <summary>The handovers of the key that signs receipts, as a list; null where it was never rotated.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReceiptsHandovers { get; init; }

    internal const long MaxBytes = 1 << 28;
    private static readonly byte[] s_sealContext = "indelible.dev/backup/v1"u8.ToArray();

    /// <summary>SHA-256 over the manifest and its seal, lower-case hex: names the backup in the entries that a restore writes.</summary>
    [JsonIgnore]
    public string Digest { get; private init; } = "";

    [JsonIgnore]
    internal byte[] Seal { get; private init; } = [];

    [JsonIgnore]
    internal byte[] Sealed { get; private init; } = [];

    /// <summary>The bytes of the manifest's file.</summary>
    internal byte[] ToBytes(MasterKey master)
    {
        byte[] lines = [.. JsonSerializer.SerializeToUtf8Bytes(this, BackupJson.Default.BackupManifest), (byte)'\n'];
        byte[] seal = master.Wrap(SHA256.HashData(lines), s_sealContext);
        byte[] both = [.. lines, .. Encoding.ASCII.GetBytes(Convert.ToBase64String(seal) + "\n")];
        return [.. both, .. Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(both)) + "\n")];
    }

    /// <summary>Reads a manifest and checks what can be checked without a key.</summary>
    /// <param name="bytes">Untrusted.</param>
    /// <param name="path">For messages.</param>
    /// <exception cref="StorageException">It was altered, or is of another format.</exception>
    internal static BackupManifest Parse(ReadOnlySpan<byte> bytes, string path)
    {
        int last = LineBefore(bytes, bytes.Length);
        int seal = LineBefore(bytes, last);
        string digest = Convert.ToHexStringLower(SHA256.HashData(bytes[..last]));
        if (seal == 0 || !bytes[last..].SequenceEqual(Encoding.ASCII.GetBytes(digest + "\n")))
        {
            throw Altered(path, "its last line is not the SHA-256 of the lines before");
        }

        try
        {
            BackupManifest manifest = JsonSerializer.Deserialize(bytes[..seal], BackupJson.Default.BackupManifest) ?? throw new JsonException("null is no manifest");
            return Check(manifest, path) with
            {
                Digest = digest,
                Seal = Convert.FromBase64String(Encoding.ASCII.GetString(bytes[seal..(last - 1)])),
                Sealed = SHA256.HashData(bytes[..seal]),
            };
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw Altered(path, e.Message);
        }
    }

    /// <summary>Checks that a holder of the master key has made the manifest.</summary>
    /// <exception cref="StorageException">The key is another one, or the manifest was made by somebody without it.</exception>
    internal void VerifySeal(MasterKey master, string path)
    {
        byte[] expected;
        try
        {
            expected = master.Unwrap(Seal, s_sealContext);
        }
        catch (StorageException e)
        {
            throw new StorageException($"The seal of {path} does not open: the master key is not the one of the folder that was backed up, or the manifest was made without it.", StorageOutcome.Damaged, e);
        }

        if (!expected.AsSpan().SequenceEqual(Sealed))
        {
            throw Altered(path, "its seal is over other lines");
        }
    }

    private static StorageException Altered(string path, string what) => new($"{path} was altered: {what}.", StorageOutcome.Damaged);

    private static int LineBefore(ReadOnlySpan<byte> bytes, int end) => bytes[..Math.Max(0, end - 1)].LastIndexOf((byte)'\n') + 1;

    /// <summary>Nothing in a manifest may lead out of the backup's folder, or out of the folder that is restored.</summary>
    private static BackupManifest Check(BackupManifest manifest, string path)
    {
        if (manifest.Format != CurrentFormat)
        {
            throw new StorageException($"{path} has format {manifest.Format}; this version reads format {CurrentFormat}.", StorageOutcome.Damaged);
        }

        // The serializer refuses null where a member may not be null, but not among the elements of a list.
        if (manifest.Logs.Any(log => log is null) || manifest.Files.Any(file => file is null))
        {
            throw Altered(path, "it has null in the place of a log or file");
        }

        if (!BackupFolder.IsState(manifest.State))
        {
            throw Altered(path, "it names a state folder that no backup has");
        }

        if (manifest.Logs.FirstOrDefault(log => !LogName.CanBe(log.Name)) is { } misnamed)
        {
            throw Altered(path, $"no log can be called '{misnamed.Name}'");
        }

        return manifest.Files.FirstOrDefault(file => BackupFolder.TargetOf(manifest.State, file.Path) is null) is { } strange
            ? throw Altered(path, $"it names the file '{strange.Path}', which no backup has")
            : manifest;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(BackupManifest))]
internal sealed partial class BackupJson : JsonSerializerContext;
