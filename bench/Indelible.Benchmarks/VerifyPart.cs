using System.Diagnostics;
using System.Globalization;
using Indelible.Cli.Bench;
using Indelible.Engine;
using Indelible.Keys;
using Indelible.Verification;

namespace Indelible.Benchmarks;

/// <summary>Verifying a whole log in its data folder, and starting a node that was killed.</summary>
/// <remarks>
/// The folder is what a kill leaves: it is copied while a node runs that has filled its journal and sealed nothing of it. Each
/// start works on a new copy, because starting moves the live end of the journal to a new file.
/// </remarks>
internal sealed class VerifyPart : IMeasuredPart
{
    private const int Batch = 1_000;

    // Four journal files of 32 MiB, the default, hold about this many of our events.
    private const int JournalEntries = 160_000;
    private readonly string _killed;
    private readonly string _copy;
    private readonly string _vkey;
    private readonly long _size;

    private VerifyPart(string killed, string copy, string vkey, long size)
    {
        _killed = killed;
        _copy = copy;
        _vkey = vkey;
        _size = size;
    }

    /// <summary>Makes the log.</summary>
    public static async Task<VerifyPart> OpenAsync(SuitePlan plan, string folder, CancellationToken cancellationToken)
    {
        DataFolder data = await Workload.InitialiseAsync(folder);
        BenchEvents events = Workload.Events(1);
        await using (LogEngine filling = await Workload.OpenAsync(data))
        {
            AppendCaller caller = await Workload.WriterAsync(filling);
            await FillAsync(filling, caller, events, 0, plan.Entries, cancellationToken);
        }

        await using LogEngine node = await Workload.OpenAsync(data, new EngineOptions { SealInterval = TimeSpan.FromHours(1) });
        await FillAsync(node, await Workload.WriterAsync(node), events, plan.Entries, JournalEntries, cancellationToken);
        LogReader log = node.Find("main")!;
        await log.WaitForCheckpointAsync(log.Size, cancellationToken);
        string killed = folder + "-killed";
        Copy(folder, killed);
        return new VerifyPart(killed, folder + "-copy", log.Settings.Vkey, log.Size);
    }

    /// <inheritdoc/>
    public async Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        await VerifyAsync(results, cancellationToken);
        await RestartAsync(results);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task VerifyAsync(Results results, CancellationToken cancellationToken)
    {
        Ed25519NoteVerifier key = Ed25519NoteVerifier.FromVkey(_vkey);
        using var source = new DataFolderLogSource(new DataFolder(_killed), "main", key, _vkey, null);
        long started = Stopwatch.GetTimestamp();
        VerificationReport report = (await new LogVerifier(key, source).VerifyAsync(cancellationToken)).Report;
        double elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (report.Verdict != Verdict.Valid || report.Entries < _size)
        {
            throw new InvalidOperationException($"The log does not verify: {report.Verdict}, {report.Entries} of {_size} entries.");
        }

        results.Add("Verify a data folder, every entry", "entries/s", report.Entries / elapsed);
    }

    private async Task RestartAsync(Results results)
    {
        Copy(_killed, _copy);
        long started = Stopwatch.GetTimestamp();
        LogEngine engine = await Workload.OpenAsync(new DataFolder(_copy), new EngineOptions { AcceptsCopy = true });
        TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
        await engine.DisposeAsync();
        Directory.Delete(_copy, recursive: true);
        results.Add(string.Create(CultureInfo.InvariantCulture, $"Start after a kill, {_size:N0} entries, {JournalEntries:N0} of them in the journal"), "ms", elapsed.TotalMilliseconds);
    }

    private static async Task FillAsync(LogEngine engine, AppendCaller caller, BenchEvents events, long first, int count, CancellationToken cancellationToken)
    {
        for (int done = 0; done < count; done += Batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Workload.AppendAsync(engine, caller, events, first + done, Math.Min(Batch, count - done));
        }
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        }

        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith("lock", StringComparison.Ordinal)))
        {
            using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var target = new FileStream(Path.Combine(to, Path.GetRelativePath(from, file)), FileMode.CreateNew, FileAccess.Write);
            source.CopyTo(target);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(target.SafeFileHandle, File.GetUnixFileMode(file));
            }
        }
    }
}
