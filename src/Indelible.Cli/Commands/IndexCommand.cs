using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Storage;
using Indelible.Server;
using Indelible.Server.Indexing;
using Indelible.Server.Secrets;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible index</c>: looks at, makes anew or compares the search indexes of a data folder that no node runs on.</summary>
internal static class IndexCommand
{
    public static Command Make()
    {
        Option<string> data = CommandOptions.Data();
        var log = new Option<string?>("--log") { Description = "Of this log alone; default: of every log" };
        var rebuild = new Option<bool>("--rebuild") { Description = "Make every index file anew, from the segments" };
        var check = new Option<bool>("--check") { Description = "Make every index file in memory and compare: a file that was altered is named" };
        var master = new Option<string?>("--master-key") { Description = "Where the master key is, if not in the data folder: env:NAME, file:PATH, command:/PROGRAM ARGUMENTS" };
        Option<bool> json = CommandOptions.Json();
        var command = new Command("index", "Look at the search indexes of a data folder; the server is stopped meanwhile, and makes what is missing by itself") { data, log, rebuild, check, master, json };
        command.SetAction(parsed => Run(
            new DataFolder(parsed.GetValue(data)!), parsed.GetValue(log), parsed.GetValue(rebuild), parsed.GetValue(check), parsed.GetValue(master), parsed.GetValue(json)));
        return command;
    }

    private static int Run(DataFolder data, string? log, bool isRebuilt, bool isChecked, string? master, bool asJson)
    {
        if (isRebuilt && isChecked)
        {
            return CommandOptions.Fail("--rebuild and --check: one of them; what was just made needs no comparison.");
        }

        try
        {
            // Spelt out: without the type, null would become a key of no bytes.
            ReadOnlyMemory<byte>? key = master is null ? (ReadOnlyMemory<byte>?)null : MasterKeyReference.Resolve(master);
            using HeldFolder folder = HeldFolder.Take(data, key, RandomSource.System);
            IReadOnlyList<string> logs = folder.Logs();
            if (log is not null && !logs.Contains(log))
            {
                return CommandOptions.Fail($"--log: there are no segments of a log {log}; without any there is nothing to index.");
            }

            var indexes = new HeldIndexes(folder, Progress(asJson));
            var report = new Report(folder.HasKeys, isRebuilt ? "made" : isChecked ? "compared" : "looked at");
            foreach (string name in log is null ? logs : [log])
            {
                using HeldLog held = folder.Open(name);
                report.Add(name, held.SealedSize / held.SegmentSize, [.. isRebuilt ? indexes.Remake(held) : isChecked ? indexes.Compare(held) : indexes.Look(held)]);
            }

            report.Write(asJson);
            return report.HasDifferent ? ExitCode.NotValid : ExitCode.Done;
        }
        catch (SecretNotFoundException e)
        {
            return CommandOptions.Fail($"--master-key: {e.Message}");
        }
        catch (StorageException e)
        {
            Console.Error.WriteLine(Terminal.Clean(e.Message));
            return e.Outcome == StorageOutcome.NothingChanged ? ExitCode.Usage : ExitCode.CouldNotTell;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(Terminal.Clean(e.Message));
            return ExitCode.CouldNotTell;
        }
    }

    private static Action<long> Progress(bool asJson)
    {
        const long Step = 100_000;
        if (asJson || Console.IsErrorRedirected)
        {
            return static _ => { };
        }

        // Past the guard of the terminal: a carriage return is what it is there to keep out.
        Stream error = Console.OpenStandardError();
        long done = 0;
        long next = Step;
        return entries =>
        {
            done += entries;
            if (done >= next)
            {
                next = done + Step;
                error.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\r{done} entries")));
            }
        };
    }

    /// <summary>What was found, log by log.</summary>
    private sealed class Report(bool hasKeys, string what)
    {
        private readonly List<(string Log, long Segments, IReadOnlyList<IndexFileFinding> Files)> _logs = [];

        public bool HasDifferent => _logs.Any(log => log.Files.Any(file => file.State == IndexFileState.Different));

        public void Add(string log, long segments, IReadOnlyList<IndexFileFinding> files) => _logs.Add((log, segments, files));

        public void Write(bool asJson)
        {
            if (asJson)
            {
                WriteJson();
                return;
            }

            foreach ((string log, long segments, IReadOnlyList<IndexFileFinding> files) in _logs)
            {
                Console.WriteLine(Terminal.Clean(string.Create(CultureInfo.InvariantCulture, $"{log}: {segments} segments, {Sound(files)} of {files.Count} index files {(what == "made" ? "made" : "sound")}")));
                foreach (IndexFileFinding file in files.Where(file => file.State is not (IndexFileState.Sound or IndexFileState.Made)))
                {
                    Console.WriteLine(Terminal.Clean($"  {WordOf(file.State),-10} {file.Path}{(file.Why is null ? "" : ": " + file.Why)}"));
                }
            }

            if (!hasKeys)
            {
                Console.WriteLine($"The indexes of personal values were not {what}: the master key or the vault is not here.");
            }
        }

        private static int Sound(IReadOnlyList<IndexFileFinding> files) => files.Count(file => file.State is IndexFileState.Sound or IndexFileState.Made);

        private static string WordOf(IndexFileState state) => state switch
        {
            IndexFileState.Sound => "sound",
            IndexFileState.Missing => "missing",
            IndexFileState.Unusable => "unusable",
            IndexFileState.Made => "made",
            _ => "different",
        };

        private void WriteJson()
        {
            using Stream output = Terminal.OpenJson();
            using Utf8JsonWriter json = JsonText.Writer(output);
            json.WriteStartObject();
            json.WriteBoolean("personal", hasKeys);
            json.WriteStartArray("logs");
            foreach ((string log, long segments, IReadOnlyList<IndexFileFinding> files) in _logs)
            {
                json.WriteStartObject();
                json.WriteString("name", log);
                json.WriteNumber("segments", segments);
                json.WriteStartArray("files");
                foreach (IndexFileFinding file in files)
                {
                    json.WriteStartObject();
                    json.WriteString("file", file.Path);
                    json.WriteNumber("first", file.First);
                    json.WriteString("state", WordOf(file.State));
                    json.WriteString("why", file.Why);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.Flush();
        }
    }
}
