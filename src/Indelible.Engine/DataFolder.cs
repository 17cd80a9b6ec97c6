using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Indelible.Engine.Configuration;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Notes;

namespace Indelible.Engine;

/// <summary>What a data folder is, fixed when it is initialised.</summary>
/// <param name="Format">Version of the folder's layout: 1.</param>
/// <param name="Host">The host part of every origin, for ever.</param>
/// <param name="SegmentSize">Entries in a segment: a power of two, 256 to 65,536.</param>
/// <param name="ReceiptsVkey">The key that durable receipts are verified with.</param>
/// <param name="IdSeed">16 hex digits: the seed of the hashes by which ids are found again; not shown to producers.</param>
/// <param name="SystemLogs">The logs that hold the configuration, one after the other; null for <c>_system</c> alone, which a restore has never finished.</param>
public sealed record FolderSettings(int Format, string Host, int SegmentSize, string ReceiptsVkey, string IdSeed, IReadOnlyList<string>? SystemLogs = null)
{
    /// <summary>The logs that hold the configuration, one after the other; all but the last are finished.</summary>
    internal IReadOnlyList<string> ConfigurationLogs => SystemLogs ?? [LogName.System];

    /// <summary>The log that configuration is entered in.</summary>
    internal string SystemLog => ConfigurationLogs[^1];

    /// <summary>The seed as a number.</summary>
    internal long IdSeedValue => long.Parse(IdSeed, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}

/// <summary>The layout of a data folder, and the lock that keeps it to one process.</summary>
/// <remarks>
/// <code>
/// indelible.json    FolderSettings, last line: SHA-256 of the lines before
/// lock              held exclusively while a node runs
/// place             which file it is: a copied folder is told by it
/// master.key        wraps every other key; owner only
/// keys/             signing keys, wrapped
/// vault.db          data keys of persons, wrapped
/// checkpoints/heads the last head signed for each log (may lie elsewhere)
/// journal/          the journal
/// logs/NAME/        segments/ and tail/; index/, sources.cache and detection.cache, which can be taken away
/// last-uses.json    when keys were used last; can be taken away
/// notify.db         notifications of alerts that wait; in no backup
/// streams/          how far each stream to another system has come
/// quarantine/       torn ends that recovery put aside
/// </code>
/// </remarks>
public sealed partial class DataFolder
{
    private const int CurrentFormat = 1;
    private const int MaxSettingsBytes = 64 << 10;
    private const int MaxLastUsesBytes = 64 << 20;
    internal const string StreamsFolderName = "streams";
    private const int MaxStreamBytes = 16 << 20;
    private const int DigestLineBytes = (2 * SHA256.HashSizeInBytes) + 1;

    /// <summary>Names the parts of the folder at <paramref name="path"/>; touches nothing.</summary>
    public DataFolder(string path)
    {
        Root = Path.GetFullPath(path);
        VaultFile = Path.Combine(Root, "vault.db");
    }

    /// <summary>The folder itself.</summary>
    public string Root { get; }

    /// <summary>Where it is kept when keys were used last: nothing that anything depends on.</summary>
    public string LastUsesFile => Path.Combine(Root, "last-uses.json");

    /// <summary>Where notifications of alerts wait: a file of SQLite's, which makes others beside it.</summary>
    public string NotifyFile => Path.Combine(Root, "notify.db");

    /// <summary>What was kept of it; null for nothing.</summary>
    /// <exception cref="IOException">It could not be read, or is no file.</exception>
    public byte[]? ReadLastUses() => Disk.Exists(LastUsesFile) ? Disk.ReadWhole(LastUsesFile, MaxLastUsesBytes) : null;

    /// <summary>Keeps when keys were used last, in place of what was kept before.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void WriteLastUses(ReadOnlySpan<byte> content) => Disk.WriteWhole(LastUsesFile, content);

    /// <summary>Where it is kept how far a stream to another system has come.</summary>
    /// <param name="stream">The stream's name, which can be that of a file.</param>
    public string StreamFile(string stream) => Path.Combine(StreamsFolder, stream + ".json");

    /// <summary>What was kept of a stream; null for nothing.</summary>
    /// <param name="stream">Its name.</param>
    /// <exception cref="IOException">It could not be read, or is no file.</exception>
    public byte[]? ReadStream(string stream) => Disk.Exists(StreamFile(stream)) ? Disk.ReadWhole(StreamFile(stream), MaxStreamBytes) : null;

    /// <summary>Keeps how far a stream has come, in place of what was kept before: durable on return, and after a crash one of the two is there, whole.</summary>
    /// <param name="stream">Its name.</param>
    /// <param name="content">What to keep.</param>
    /// <exception cref="IOException">It could not be written.</exception>
    public void WriteStream(string stream, ReadOnlySpan<byte> content)
    {
        Disk.EnsureFolder(StreamsFolder);
        Disk.WriteWhole(StreamFile(stream), content);
    }

    /// <summary>Where it is kept what correlations remember of a log: nothing that anything depends on.</summary>
    /// <param name="log">The log's name.</param>
    public string DetectionFile(string log) => Path.Combine(LogsFolder, log, "detection.cache");

    /// <summary>What was kept of a log; null for nothing.</summary>
    /// <param name="log">The log's name.</param>
    /// <exception cref="IOException">It could not be read, is no file, or larger than one can be.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public byte[]? ReadDetection(string log) => Disk.Exists(DetectionFile(log)) ? Disk.ReadWhole(DetectionFile(log), EngineLimits.DetectionCacheBytes) : null;

    /// <summary>Keeps what correlations remember of a log, in place of what was kept before: durable on return, and after a crash one of the two is there, whole.</summary>
    /// <param name="log">The log's name.</param>
    /// <param name="content">What to keep.</param>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write it.</exception>
    public void WriteDetection(string log, ReadOnlySpan<byte> content)
    {
        Disk.EnsureFolder(Path.Combine(LogsFolder, log));
        Disk.WriteWhole(DetectionFile(log), content);
    }

    /// <summary>The disk that it lies on.</summary>
    internal Disk Disk { get; init; } = Disk.System;

    internal string SettingsFile => Path.Combine(Root, "indelible.json");

    internal string MasterKeyFile => Path.Combine(Root, "master.key");

    /// <summary>A master key that is to take the other's place; while it is there, the other counts.</summary>
    internal string NextMasterKeyFile => MasterKeyFile + ".next";

    internal string KeysFolder => Path.Combine(Root, "keys");

    /// <summary>Always a file of the operating system's: SQLite knows no other.</summary>
    internal string VaultFile { get; init; }

    internal string CheckpointsFolder => Path.Combine(Root, "checkpoints");

    internal string JournalFolder => Path.Combine(Root, "journal");

    internal string LogsFolder => Path.Combine(Root, "logs");

    /// <summary>Below it lie the segments: <see cref="LogsFolder"/>, save in a backup, whose runs share them.</summary>
    internal string SegmentsFolder { get => field ?? LogsFolder; init; }

    /// <summary>The index files of a log.</summary>
    /// <param name="log">Its name.</param>
    public IndexFiles IndexFilesOf(string log) => new(Disk, Path.Combine(LogsFolder, log, IndexFiles.FolderName));

    /// <summary>Where <c>init --tls</c> puts a certificate to try TLS with.</summary>
    public string TlsFolder => Path.Combine(Root, "tls");

    internal string StreamsFolder => Path.Combine(Root, StreamsFolderName);

    internal string QuarantineFolder => Path.Combine(Root, "quarantine");

    private string PlaceFile => Path.Combine(Root, "place");

    private string LockFile => Path.Combine(Root, "lock");

    /// <summary>Whether a node runs on the folder.</summary>
    internal bool IsInUse => Disk.IsLocked(LockFile);

    /// <summary>Whether a folder was initialised here.</summary>
    public bool IsInitialised => Disk.Exists(SettingsFile);

    /// <summary>Reads what the folder is.</summary>
    /// <exception cref="StorageException">It was never initialised, or its settings were altered.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not enter or read it.</exception>
    public FolderSettings ReadSettings()
    {
        if (!IsInitialised)
        {
            // A folder that this user may not enter looks empty, until it is asked what lies in it.
            _ = Disk.IsEmpty(Root);
            throw new StorageException(
                $"{Root} is not an Indelible data folder. Make one with 'indelible init --data {Root}'; serving never makes one, so that a lost volume is not taken for a new log.",
                StorageOutcome.NothingChanged);
        }

        return ParseSettings(Disk.ReadWhole(SettingsFile, MaxSettingsBytes));
    }

    private FolderSettings ParseSettings(byte[] bytes)
    {
        int lastLine = Math.Max(0, bytes.Length - DigestLineBytes);
        if (!bytes.AsSpan(lastLine).SequenceEqual(DigestLine(bytes.AsSpan(0, lastLine))))
        {
            throw new StorageException($"{SettingsFile} was altered: its last line is not the SHA-256 of the lines before.", StorageOutcome.Damaged);
        }

        FolderSettings? settings;
        try
        {
            settings = JsonSerializer.Deserialize(bytes.AsSpan(0, lastLine), FolderJson.Default.FolderSettings);
        }
        catch (JsonException e)
        {
            throw new StorageException($"{SettingsFile} holds no settings: {e.Message}", StorageOutcome.Damaged, e);
        }

        if (settings is not null && settings.Format != CurrentFormat)
        {
            throw new StorageException($"{Root} has format {settings.Format}; this version reads format {CurrentFormat}.", StorageOutcome.Damaged);
        }

        return settings is { Host.Length: > 0, SegmentSize: >= 256 and <= 65_536, ReceiptsVkey: not null, IdSeed.Length: 16 }
            && int.IsPow2(settings.SegmentSize) && VerifierKey.TryParse(settings.ReceiptsVkey, out _) && settings.IdSeed.All(char.IsAsciiHexDigitLower)
            && settings.ConfigurationLogs.Count > 0 && settings.ConfigurationLogs.All(log => LogName.CanBe(log) && LogName.LineOf(log) == LogName.System)
            ? settings
            : throw new StorageException($"{SettingsFile} lacks a setting, or holds one that cannot be.", StorageOutcome.Damaged);
    }

    /// <summary>Takes the folder for this process until the result is disposed.</summary>
    /// <exception cref="StorageException">Another process has it, or it cannot be written.</exception>
    internal IDisposable Lock() => Disk.Take(LockFile, $"{Root} is in use by another process.");

    /// <summary>Why the folder seems to be a copy of another, or null when it does not.</summary>
    /// <exception cref="StorageException">What says so was altered.</exception>
    internal string? DoubtOfPlace() => FolderPlace.Doubt(Disk, PlaceFile);

    /// <summary>Says that the folder belongs where it is.</summary>
    internal void WritePlace() => FolderPlace.Write(Disk, PlaceFile);

    /// <summary>A file's name from the folder on, with slashes: for reports.</summary>
    internal string NameOf(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    /// <summary>Whether a name, as <see cref="NameOf"/> gives it, is one that a data folder uses.</summary>
    internal static bool IsOwn(string name) => OwnNames().IsMatch(name);

    [GeneratedRegex(@"^(indelible\.json|lock|place|master\.key(\.next)?|keys/[^/]+\.key(\.next)?(\.rewrapped)?|vault\.db(\.rewrapped)?(-wal|-shm|-journal)?|notify\.db(-wal|-shm|-journal)?|last-uses\.json|checkpoints/heads(\.lock|\.rewritten)?|journal/([0-9]{16}\.journal|spare)|logs/[^/]+/(segments/[0-9]{16}\.segment|tail/[0-9]{16}\.tail|index/[0-9]{16}\.(index|personal)|(sources|detection)\.cache)|quarantine/[^/]+\.torn|tls/(certificate|key)\.pem|streams/[^/]+\.json)(\.new)?$", RegexOptions.NonBacktracking)]
    private static partial Regex OwnNames();

    internal void WriteSettings(FolderSettings settings)
    {
        byte[] lines = [.. JsonSerializer.SerializeToUtf8Bytes(settings, FolderJson.Default.FolderSettings), (byte)'\n'];
        Disk.WriteWhole(SettingsFile, [.. lines, .. DigestLine(lines)]);
    }

    private static byte[] DigestLine(ReadOnlySpan<byte> lines) => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(lines)) + "\n");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FolderSettings))]
internal sealed partial class FolderJson : JsonSerializerContext;
