using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Events;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Policies;
using Indelible.Proofs;
using Indelible.Server;
using Indelible.Verification;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible verify</c>: believes nothing but the key that it is given.</summary>
internal static class VerifyCommand
{
    public static Command Make()
    {
        var vkey = new Option<string?>("--vkey") { Description = "The log's verification key, from a source that you trust; its name is the log's origin" };
        var policy = new Option<string?>("--policy") { Description = "Instead of a key: a tlog-policy file of yours; windows of validity are read from FILE.windows where that exists" };
        var origin = new Option<string?>("--origin") { Description = "The log that is meant, where the policy lists several" };
        var data = new Option<string?>("--data") { Description = "Verify a log of this data folder; a server may be running on it" };
        var log = new Option<string?>("--log") { Description = "The log in the data folder; default: the one that the key names" };
        var checkpoints = new Option<string?>("--checkpoint-folder") { Description = "Where the data folder's checkpoint store is, if not inside" };
        var directory = new Option<string?>("--dir") { Description = "Verify an exported log" };
        var url = new Option<string?>("--url") { Description = "Verify a served log, as in http://127.0.0.1:7480/logs/main" };
        Option<string?> key = CommandOptions.Key();
        var proof = new Option<string?>("--proof") { Description = "Verify one entry: its proof file, with --entry" };
        var export = new Option<string?>("--export") { Description = "Verify an export of entries with proofs: the file, beside which its manifest lies" };
        var manifest = new Option<string?>("--manifest") { Description = "With --export: the manifest, if it is not FILE.manifest.json" };
        var handovers = new Option<string?>("--handovers") { Description = "With --proof or --export: the log's handovers from key to key, as served below the log or exported; a whole log brings its own" };
        var entry = new Option<string?>("--entry") { Description = "The entry's exact bytes" };
        var state = new Option<string?>("--state") { Description = "A file of yours that remembers the last head verified: shows a log that was set back or rewritten" };
        var initState = new Option<bool>("--init-state") { Description = "Start that file" };
        var incremental = new Option<bool>("--incremental") { Description = "With --state: hash only what earlier runs, finished or interrupted, have not hashed" };
        var receipts = new Option<string?>("--receipts") { Description = "Receipts that the log must keep: the file that 'append --receipts' wrote" };
        var receiptsVkey = new Option<string?>("--receipts-vkey") { Description = "The key that signs them, from a source that you trust" };
        var accept = new Option<bool>("--accept-incarnation") { Description = "The log is known to go on in the place of one that a restore has finished" };
        var oldVkey = new Option<string?>("--old-vkey") { Description = "The key of that finished log, from a source that you trust: it must name this log" };
        Option<bool> json = CommandOptions.Json();
        var command = new Command("verify", "Verify a log or one entry against a key that you pin")
        {
            vkey, policy, origin, data, log, checkpoints, directory, url, key, proof, entry, export, manifest, handovers, state, initState, incremental, receipts, receiptsVkey, accept, oldVkey, json,
        };
        command.SetAction((parsed, cancel) => RunAsync(
            new Request(
                parsed.GetValue(vkey),
                parsed.GetValue(policy),
                parsed.GetValue(origin),
                parsed.GetValue(data),
                parsed.GetValue(log),
                parsed.GetValue(checkpoints),
                parsed.GetValue(directory),
                parsed.GetValue(url),
                CommandOptions.KeyOf(parsed, key),
                parsed.GetValue(proof),
                parsed.GetValue(entry),
                parsed.GetValue(handovers),
                parsed.GetValue(state),
                parsed.GetValue(initState),
                parsed.GetValue(incremental),
                parsed.GetValue(receipts),
                parsed.GetValue(receiptsVkey),
                parsed.GetValue(accept),
                parsed.GetValue(oldVkey),
                parsed.GetValue(export),
                parsed.GetValue(manifest)),
            parsed.GetValue(json),
            cancel));
        return command;
    }

    private static async Task<int> RunAsync(Request request, bool asJson, CancellationToken cancellationToken)
    {
        if (request.Vkey is null == request.Policy is null)
        {
            return CommandOptions.Fail("Say whom to believe: exactly one of --vkey, --policy.");
        }

        if (request.Policy is null && request.Origin is not null)
        {
            return CommandOptions.Fail("--origin chooses among the logs of a --policy; a key has its origin in its name.");
        }

        Trusted trusted;
        try
        {
            trusted = request.Policy is null ? TrustedKey(request.Vkey!) : TrustedPolicy(request.Policy, request.Origin);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TlogFormatException)
        {
            return CommandOptions.Fail($"{(request.Policy is null ? "--vkey" : "--policy")}: {e.Message}");
        }

        int sources = new[] { request.Data, request.Directory, request.Url, request.Proof, request.Export }.Count(source => source is not null);
        if (sources != 1)
        {
            return CommandOptions.Fail("Say what to verify: exactly one of --data, --dir, --url, --proof, --export.");
        }

        if (request.Proof is null && request.Entry is not null)
        {
            return CommandOptions.Fail("--entry is verified with --proof alone; a whole log is verified without it.");
        }

        bool isWhole = request.Proof is null && request.Export is null;
        if (!isWhole && (request.State is not null || request.InitState || request.Receipts is not null))
        {
            return CommandOptions.Fail("--state and --receipts are about a whole log; single proofs are not compared with them.");
        }

        if (isWhole && request.Handovers is not null)
        {
            return CommandOptions.Fail("--handovers goes with --proof and --export: a whole log brings its handovers with it.");
        }

        if (request.Export is null && request.Manifest is not null)
        {
            return CommandOptions.Fail("--manifest goes with --export: it is that file's.");
        }

        if (request.Incremental && request.State is null)
        {
            return CommandOptions.Fail("--incremental goes on from what --state remembers.");
        }

        if (request.Receipts is null != request.ReceiptsVkey is null)
        {
            return CommandOptions.Fail("--receipts and --receipts-vkey go together: receipts are checked against the key that signs them.");
        }

        if (request.Proof is not null)
        {
            return VerifyProof(request, trusted.Trust, asJson);
        }

        if (request.Export is not null)
        {
            return await VerifyExportAsync(request, trusted.Trust, asJson, cancellationToken);
        }

        return await VerifyLogAsync(request, trusted, asJson, cancellationToken);
    }

    private static Trusted TrustedKey(string vkey)
    {
        Ed25519NoteVerifier key = Ed25519NoteVerifier.FromVkey(vkey);
        return new Trusted(CheckpointTrust.InKey(key), key, [vkey]);
    }

    private static Trusted TrustedPolicy(string path, string? origin)
    {
        const string WindowsExtension = ".windows";
        TlogPolicy policy = TlogPolicy.Parse(File.ReadAllBytes(path));
        PolicyWindows? windows = File.Exists(path + WindowsExtension) ? PolicyWindows.Parse(File.ReadAllBytes(path + WindowsExtension), policy) : null;
        string[] origins = [.. policy.Logs.Select(log => log.Key.Name).Distinct(StringComparer.Ordinal)];
        string meant = origin ?? (origins.Length == 1 ? origins[0] : throw new TlogFormatException($"It lists several logs ({string.Join(", ", origins)}): choose one by --origin."));
        VerifierKey[] keys = [.. policy.Logs.Select(log => log.Key).Where(key => key.Name == meant)];
        NoteVerifier first = keys.Select(NoteVerifiers.Of).FirstOrDefault(key => key is not null)
            ?? throw new TlogFormatException($"It lists no key of {meant} that can be verified here.");

        // A checkpoint without a believed cosignature has no time: then the log key is judged by the clock of whoever asks.
        return new Trusted(CheckpointTrust.InPolicy(policy, windows, meant, NoteVerifiers.Of, TimeProvider.System.GetUtcNow()), first, [.. keys.Select(key => key.ToString())]);
    }

    private static int VerifyProof(Request request, CheckpointTrust trust, bool asJson)
    {
        if (request.Entry is null)
        {
            return CommandOptions.Fail("--entry: a proof is verified with the entry's exact bytes.");
        }

        VerificationReport report;
        try
        {
            byte[] entry = File.ReadAllBytes(request.Entry);
            TlogProof proof = TlogProof.Parse(File.ReadAllBytes(request.Proof!));
            trust = request.Handovers is null ? trust : trust.With(File.ReadAllBytes(request.Handovers));
            VerifiedInclusion inclusion = proof.Verify(entry, trust.Verify(proof.Checkpoint.Span, out string by));
            bool isEntry = Entry.TryRead(entry, out _);
            report = !isEntry ? NotAnEntry(request.Entry, trust.Origin, inclusion) : new VerificationReport(
                Verdict.Valid,
                trust.Origin,
                inclusion.Checkpoint.Head,
                1,
                [$"the entry of hash {inclusion.LeafHash} is at index {inclusion.Index} of the log", "it is canonical JSON with the members of an entry", $"the checkpoint of {inclusion.Checkpoint.Head.Size} entries {by}"],
                [
                    "the other entries",
                    "that this checkpoint is the log's latest, or that others were shown the same one",
                    .. trust.HandoverHeads.Select(handover => string.Create(
                        CultureInfo.InvariantCulture, $"the handover at {handover.Size} entries beyond its keys' own word (rotation vouched by the old key only), and that this checkpoint's tree extends its head")),
                ],
                [],
                []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return CommandOptions.Fail(e.Message);
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            report = new VerificationReport(Verdict.NotValid, trust.Origin, null, 0, [], [], [new VerificationFault("proof", request.Proof!, e.Message)], []);
        }

        return Print(report, asJson);
    }

    private static async Task<int> VerifyExportAsync(Request request, CheckpointTrust trust, bool asJson, CancellationToken cancellationToken)
    {
        VerificationReport report;
        try
        {
            trust = request.Handovers is null ? trust : trust.With(File.ReadAllBytes(request.Handovers));
            byte[] manifest = File.ReadAllBytes(request.Manifest ?? request.Export + ".manifest.json");
            await using FileStream lines = File.OpenRead(request.Export!);
            report = await new ExportCheck(trust, ExportManifest.Parse(manifest), request.Export!).RunAsync(lines, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return CommandOptions.Fail(e.Message);
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            report = new VerificationReport(Verdict.NotValid, trust.Origin, null, 0, [], [], [new VerificationFault("manifest", request.Export!, e.Message)], []);
        }

        return Print(report, asJson);
    }

    /// <summary>Proven bytes that two readers could read differently are no evidence of what either of them reads.</summary>
    private static VerificationReport NotAnEntry(string file, string origin, VerifiedInclusion inclusion) => new(
        Verdict.NotValid,
        origin,
        inclusion.Checkpoint.Head,
        1,
        [$"bytes of hash {inclusion.LeafHash} are at index {inclusion.Index} of the log"],
        [],
        [new VerificationFault("entry", file, "it is not canonical JSON with the members of an entry")],
        []);

    private static async Task<int> VerifyLogAsync(Request request, Trusted trusted, bool asJson, CancellationToken cancellationToken)
    {
        Ed25519NoteVerifier? oldKey;
        try
        {
            oldKey = request.OldVkey is null ? null : Ed25519NoteVerifier.FromVkey(request.OldVkey);
        }
        catch (TlogFormatException e)
        {
            return CommandOptions.Fail("--old-vkey: " + e.Message);
        }

        if (request.State is not null && !File.Exists(request.State) && !request.InitState)
        {
            Console.Error.WriteLine($"--state: there is no {request.State}. If nothing was verified before, start it with --init-state; if it was lost, nobody can tell whether the log was set back.");
            return ExitCode.CouldNotTell;
        }

        DurableReceipt[] receipts;
        VerifierKey? receiptsKey;
        try
        {
            receipts = request.Receipts is null ? [] : [.. ReceiptFile.Read(File.ReadLines(request.Receipts))];
            receiptsKey = request.ReceiptsVkey is null ? null : Ed25519NoteVerifier.FromVkey(request.ReceiptsVkey).VerifierKey;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TlogFormatException)
        {
            return CommandOptions.Fail("--receipts or --receipts-vkey: " + e.Message);
        }

        if (request.Receipts is not null && receipts.Length == 0)
        {
            return CommandOptions.Fail($"--receipts: {request.Receipts} holds no receipt, so that no promise would be checked.");
        }

        VerifierState? state;
        try
        {
            state = request.State is null ? null : await OpenStateAsync(request, trusted, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TlogFormatException or VerificationException)
        {
            Console.Error.WriteLine($"--state: {request.State} cannot be used: {Terminal.Clean(e.Message)}");
            return ExitCode.CouldNotTell;
        }

        using (state)
        {
            // Receipts are judged by entries hashed now.
            TreeFrontier? frontier = request.Incremental && state?.Frontier is { } reached && receipts.All(receipt => receipt.Index >= reached.Size) ? reached : null;
            VerificationRequest Comparison(TreeFrontier? from) => new()
            {
                Remembered = state?.Remembered,
                Frontier = from,
                Receipts = receipts,
                ReceiptsKey = receiptsKey,
                Progress = Progress(asJson),
                Reached = state is null ? null : state.Reach,
            };
            VerificationReport? report = await VerifyOnceAsync(request, trusted, Comparison(frontier), oldKey, state, cancellationToken);
            if (report is { Verdict: Verdict.NotValid } && frontier is { IsVerified: false })
            {
                // What the interrupted run hashed was never compared with a signed root: it convicts nobody.
                report = await VerifyOnceAsync(request, trusted, Comparison(null), oldKey, state, cancellationToken);
            }

            return report is null ? CommandOptions.Fail($"--url: '{request.Url}' is no URL like http://127.0.0.1:7480/logs/main.") : Print(report, asJson);
        }
    }

    /// <summary>Opens the state. Where a newer key is pinned than the one that signed what it remembers, the log's handovers lead back to that.</summary>
    private static async Task<VerifierState> OpenStateAsync(Request request, Trusted trusted, CancellationToken cancellationToken)
    {
        try
        {
            return VerifierState.Open(request.State!, trusted.Trust);
        }
        catch (VerificationException)
        {
            using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
            ILogSource? source = SourceOf(request, trusted, http);
            using (source as IDisposable)
            {
                try
                {
                    ReadOnlyMemory<byte> handovers = source is null ? default : await source.ReadHandoversAsync(cancellationToken);
                    return VerifierState.Open(request.State!, trusted.Trust.With(handovers.Span));
                }
                catch (LogSourceException)
                {
                    // Then it stays as it was.
                }
            }

            throw;
        }
    }

    /// <summary>The log that the request names; null where its name is none.</summary>
    private static ILogSource? SourceOf(Request request, Trusted trusted, HttpClient http)
    {
        if (request.Data is not null)
        {
            return new DataFolderLogSource(new DataFolder(request.Data), request.Log ?? trusted.Trust.Origin.Split('/')[^1], trusted.FirstKey, trusted.Vkeys.Count == 1 ? trusted.Vkeys[0] : null, request.CheckpointFolder);
        }

        if (request.Directory is not null)
        {
            return new DirectoryLogSource(request.Directory);
        }

        return Uri.TryCreate(request.Url, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" ? new HttpLogSource(http, url, request.Key) : null;
    }

    /// <summary>One run over the log, its result remembered when it is valid; null where the source's name is none.</summary>
    private static async Task<VerificationReport?> VerifyOnceAsync(
        Request request, Trusted trusted, VerificationRequest comparison, NoteVerifier? oldKey, VerifierState? state, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        if (SourceOf(request, trusted, http) is not { } source)
        {
            return null;
        }

        using (source as IDisposable)
        {
            var verifier = new LogVerifier(state?.Trust ?? trusted.Trust, source, comparison);
            VerificationResult result = await verifier.VerifyAsync(cancellationToken);

            VerificationReport report = IncarnationCheck.Apply(result.Report, verifier.FirstEntry, verifier.Trust.Vkeys, oldKey, request.AcceptIncarnation);
            return state is null || report.Verdict != Verdict.Valid ? report : Remember(state, result, report);
        }
    }

    /// <summary>Remembers a valid result. One that could not be remembered leaves the next run without what it must compare with, so it does not count.</summary>
    private static VerificationReport Remember(VerifierState state, VerificationResult result, VerificationReport report)
    {
        try
        {
            state.Remember(result);
            return report;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or VerificationException)
        {
            return report with
            {
                Verdict = Verdict.CouldNotTell,
                Unclear = [.. report.Unclear, new VerificationFault("state", "--state", $"all else is valid, but that could not be remembered: {e.Message}")],
            };
        }
    }

    private static Progress<long>? Progress(bool asJson)
    {
        const long Step = 100_000;
        if (asJson || Console.IsErrorRedirected)
        {
            return null;
        }

        // Past the guard of the terminal: a carriage return is what it is there to keep out.
        Stream error = Console.OpenStandardError();
        long next = Step;
        return new Progress<long>(done =>
        {
            if (done >= next)
            {
                next = done + Step;
                error.Write(System.Text.Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"\r{done} entries")));
            }
        });
    }

    private static int Print(VerificationReport report, bool asJson)
    {
        if (asJson)
        {
            PrintJson(report);
        }
        else
        {
            Console.WriteLine(report.Verdict switch
            {
                Verdict.Valid => $"VALID: {Terminal.Clean(report.Origin)}" + (report.Head is { } head ? $", {head.Size} entries, root {head.Root.ToBase64()}" : ""),
                Verdict.NotValid => $"NOT VALID: {Terminal.Clean(report.Origin)}",
                _ => $"COULD NOT TELL: {Terminal.Clean(report.Origin)}",
            });
            foreach (VerificationFault fault in report.Faults)
            {
                Console.WriteLine(Terminal.Clean($"  wrong        {fault.What}, {fault.Where}: {fault.Detail}"));
            }

            foreach (VerificationFault unclear in report.Unclear)
            {
                Console.WriteLine(Terminal.Clean($"  unclear      {unclear.What}, {unclear.Where}: {unclear.Detail}"));
            }

            foreach (string done in report.Checked)
            {
                Console.WriteLine(Terminal.Clean($"  checked      {done}"));
            }

            foreach (string open in report.NotChecked)
            {
                Console.WriteLine(Terminal.Clean($"  not checked  {open}"));
            }
        }

        return report.Verdict switch
        {
            Verdict.Valid => ExitCode.Done,
            Verdict.NotValid => ExitCode.NotValid,
            _ => ExitCode.CouldNotTell,
        };
    }

    private static void PrintJson(VerificationReport report)
    {
        using Stream output = Terminal.OpenJson();
        using Utf8JsonWriter json = JsonText.Writer(output);
        json.WriteStartObject();
        json.WriteString("verdict", VerdictWord.Of(report.Verdict));
        json.WriteString("origin", report.Origin);
        if (report.Head is { } head)
        {
            json.WriteNumber("size", head.Size);
            json.WriteString("root", head.Root.ToBase64());
        }

        json.WriteNumber("entries", report.Entries);
        WriteList(json, "checked", report.Checked);
        WriteList(json, "not_checked", report.NotChecked);
        WriteFaults(json, "faults", report.Faults);
        WriteFaults(json, "unclear", report.Unclear);
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    private static void WriteFaults(Utf8JsonWriter json, string name, IReadOnlyList<VerificationFault> faults)
    {
        json.WriteStartArray(name);
        foreach (VerificationFault fault in faults)
        {
            json.WriteStartObject();
            json.WriteString("what", fault.What);
            json.WriteString("where", fault.Where);
            json.WriteString("detail", fault.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<string> items)
    {
        json.WriteStartArray(name);
        foreach (string item in items)
        {
            json.WriteStringValue(item);
        }

        json.WriteEndArray();
    }

    /// <summary>Whom to believe.</summary>
    /// <param name="Trust">By what checkpoints are believed.</param>
    /// <param name="FirstKey">A key of the log; its name is the origin.</param>
    /// <param name="Vkeys">All of them, as text.</param>
    private sealed record Trusted(CheckpointTrust Trust, NoteVerifier FirstKey, IReadOnlyList<string> Vkeys);

    private sealed record Request(
        string? Vkey,
        string? Policy,
        string? Origin,
        string? Data,
        string? Log,
        string? CheckpointFolder,
        string? Directory,
        string? Url,
        string? Key,
        string? Proof,
        string? Entry,
        string? Handovers,
        string? State,
        bool InitState,
        bool Incremental,
        string? Receipts,
        string? ReceiptsVkey,
        bool AcceptIncarnation,
        string? OldVkey,
        string? Export,
        string? Manifest);
}
