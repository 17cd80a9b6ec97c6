using System.Text.Json;

namespace Indelible.Client.Recording.Spooling;

/// <summary>What an instance's last stream was.</summary>
/// <param name="Stream">Its id.</param>
/// <param name="Last">The highest number known to be issued.</param>
/// <param name="Ended">Whether it ended on purpose.</param>
internal sealed record PreviousStream(string Stream, long Last, bool Ended);

/// <summary>The spool's folder as a whole, shared by the processes of an application.</summary>
/// <remarks>
/// <code>
/// spool.json            the log that it is for
/// checkpoint            the last verified checkpoint: a signed note
/// dead-letters.jsonl    events that the server will never take, one a line, each with the reason
/// evidence/             both sides of each contradiction
/// instances/NAME.json   the last stream of an instance; NAME.lock held while it runs
/// streams/STREAM/       one for each process: lock, settled, *.events, receipts-*.jsonl
/// </code>
/// </remarks>
internal sealed class SpoolRoot : IDisposable
{
    private const string DescriptionName = "spool.json";
    private const int MostInstances = 4096;
    private readonly IDisposable _instanceLock;

    private SpoolRoot(string path, string instance, IDisposable held)
    {
        Path = path;
        Instance = instance;
        _instanceLock = held;
    }

    public string Path { get; }

    /// <summary>This instance's id, unique among the living.</summary>
    public string Instance { get; }

    public string CheckpointPath => System.IO.Path.Combine(Path, "checkpoint");

    /// <summary>The handovers that led to the key of that checkpoint; there from the first rotation of the log's key on.</summary>
    public string HandoversPath => System.IO.Path.Combine(Path, "handovers");

    public string CheckpointLockPath => System.IO.Path.Combine(Path, "checkpoint.lock");

    public string DeadLettersPath => System.IO.Path.Combine(Path, "dead-letters.jsonl");

    public string EvidencePath => System.IO.Path.Combine(Path, "evidence");

    public string StreamsPath => StreamsOf(Path);

    public static string StreamsOf(string root) => System.IO.Path.Combine(root, "streams");

    /// <summary>The log that a folder is for; null where it is no spool.</summary>
    public static string? OriginOf(string path)
    {
        string description = System.IO.Path.Combine(path, DescriptionName);
        if (!File.Exists(description))
        {
            return null;
        }

        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(description));
        return json.RootElement.TryGetProperty("origin", out JsonElement origin) ? origin.GetString() : null;
    }

    /// <summary>Opens the folder, made if it is missing, and takes an instance's name.</summary>
    /// <exception cref="IOException">It cannot be used.</exception>
    /// <exception cref="ArgumentException">It is another log's, or open to other users.</exception>
    public static SpoolRoot Open(string path, string origin, string instance)
    {
        path = System.IO.Path.GetFullPath(path);
        SpoolDisk.MakeFolder(path);
        if (SpoolDisk.IsOpenToOthers(path))
        {
            throw new ArgumentException($"The spool folder {path} can be entered by others than its owner, and events hold personal data: chmod 700 it, or name one that is not there yet.");
        }

        string description = System.IO.Path.Combine(path, DescriptionName);
        if (OriginOf(path) is not { } known)
        {
            using var buffer = new MemoryStream();
            using (var writer = new Utf8JsonWriter(buffer))
            {
                writer.WriteStartObject();
                writer.WriteNumber("format", 1);
                writer.WriteString("origin", origin);
                writer.WriteEndObject();
            }

            SpoolDisk.Replace(description, buffer.ToArray());
        }
        else if (known != origin)
        {
            throw new ArgumentException($"The spool folder {path} holds events for {known}, not for {origin}: each log needs a folder of its own.");
        }

        SpoolDisk.MakeFolder(System.IO.Path.Combine(path, "instances"));
        SpoolDisk.MakeFolder(StreamsOf(path));
        for (int number = 1; number <= MostInstances; number++)
        {
            string name = number == 1 ? instance : $"{instance}#{number}";
            if (SpoolDisk.TryLock(InstanceFile(path, name) + ".lock") is { } held)
            {
                return new SpoolRoot(path, name, held);
            }
        }

        throw new IOException($"{MostInstances} living processes use the spool folder {path} already.");
    }

    /// <summary>What is known of this instance's last stream.</summary>
    public PreviousStream? ReadPrevious()
    {
        if (Read(InstanceFile(Path, Instance) + ".json") is not { } known)
        {
            return null;
        }

        // A process that was killed could not say how far it came; what it left can.
        string left = System.IO.Path.Combine(StreamsPath, known.Stream);
        return known.Stream.Length > 0 && Directory.Exists(left) ? known with { Last = Math.Max(known.Last, SpoolFolder.HighestOf(left)) } : known;
    }

    /// <summary>Notes this instance's stream for its next life.</summary>
    public void WritePrevious(PreviousStream stream) => Write(InstanceFile(Path, Instance) + ".json", stream);

    /// <summary>Notes how far a stream came whose folder is about to go, for its instance's next life.</summary>
    public void NoteFinished(string stream, long last)
    {
        foreach (string file in Directory.EnumerateFiles(System.IO.Path.Combine(Path, "instances"), "*.json"))
        {
            if (Read(file) is { } known && known.Stream == stream && known.Last < last)
            {
                Write(file, known with { Last = last });
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _instanceLock.Dispose();

    private static PreviousStream? Read(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = json.RootElement;
            string stream = root.GetProperty("stream").GetString() ?? "";
            return stream.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '-') ? null : new PreviousStream(stream, root.GetProperty("last").GetInt64(), root.GetProperty("ended").GetBoolean());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IOException)
        {
            return null;   // Only a hint to the server; it sees a restart without it.
        }
    }

    private static void Write(string file, PreviousStream stream)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("stream", stream.Stream);
            writer.WriteNumber("last", stream.Last);
            writer.WriteBoolean("ended", stream.Ended);
            writer.WriteEndObject();
        }

        SpoolDisk.Replace(file, buffer.ToArray());
    }

    private static string InstanceFile(string path, string instance) =>
        System.IO.Path.Combine(path, "instances", Uri.EscapeDataString(instance));
}
