using Indelible.Cli.Bench;
using Indelible.Engine;

namespace Indelible.Benchmarks;

/// <summary>Bytes that an event takes on disk when it is sealed: entry, hashes and index together. Measured once; it does not vary.</summary>
internal sealed class SizePart(string folder) : IMeasuredPart
{
    private const int SegmentEntries = 65_536;
    private bool _done;

    /// <inheritdoc/>
    public async Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        if (_done)
        {
            return;
        }

        _done = true;
        await MeasureAsync(results, "Bytes on disk, nothing personal", 0, null, cancellationToken);
        await MeasureAsync(results, "Bytes on disk, caller's address sealed (as over HTTP)", 0, "192.0.2.17", cancellationToken);
        await MeasureAsync(results, "Bytes on disk, caller's address and three personal fields sealed", 3, "192.0.2.17", cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task MeasureAsync(Results results, string name, int personalFields, string? address, CancellationToken cancellationToken)
    {
        string path = $"{folder}-{personalFields}-{address is not null}";
        await using LogEngine engine = await Workload.OpenAsync(await Workload.InitialiseAsync(path), new EngineOptions { SealInterval = TimeSpan.FromMilliseconds(50) });
        AppendCaller caller = await Workload.WriterAsync(engine, address);
        BenchEvents events = Workload.Events(1, personalFields);
        for (int done = 0; done < SegmentEntries; done += 1_024)
        {
            await Workload.AppendAsync(engine, caller, events, done, 1_024);
        }

        LogReader log = engine.Find("main")!;
        while (log.SealedSize < SegmentEntries && engine.Failure is null)
        {
            await Task.Delay(10, cancellationToken);
        }

        double entryBytes = log.ReadEntries(0, 256).Average(entry => entry.Length);
        results.Add(name, $"bytes an event ({entryBytes:F0} as an entry)", (double)log.SegmentBytes / log.SealedSize);
    }
}
