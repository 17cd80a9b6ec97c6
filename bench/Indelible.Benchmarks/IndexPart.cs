using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Indelible.Cli.Bench;
using Indelible.Cli.Demo;
using Indelible.Events;
using Indelible.Privacy;
using Indelible.Search;

namespace Indelible.Benchmarks;

/// <summary>The index of one full chunk on one thread: how fast it is made and written, what it takes, how fast it is asked.</summary>
internal sealed class IndexPart(SuitePlan plan, string folder) : IMeasuredPart
{
    private const int Rows = 65_536;
    private const int Keys = 1_024;
    private const int Warming = 4;

    private const string Origin = "localhost:7480/logs/main";

    private readonly OneKey _key = new();

    /// <inheritdoc/>
    public Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        Measure(results, "420-byte events", Ordinary());
        Measure(results, "events of a rich vocabulary", Rich());
        byte[][] demonstration = Demonstration();
        Measure(results, "events of the demonstration", demonstration);
        MeasurePersonal(results, "events of the demonstration", demonstration);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _key.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The events that everything else is measured with, as entries.</summary>
    private byte[][] Ordinary()
    {
        BenchEvents events = Workload.Events(1);
        byte[] json = new byte[events.EventBytes];
        return Make(row =>
        {
            events.Write(row, json);
            return json;
        });
    }

    /// <summary>Events that say something: a sentence of words that are seldom repeated, numbers, addresses, users, paths.</summary>
    private byte[][] Rich()
    {
        ulong state = 1;
        return Make(row => Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $$$"""
            {"schema":"audit/1","id":"r-{{{Next():x16}}}","time":"2026-11-01T{{{row / 3600 % 24:D2}}}:{{{row / 60 % 60:D2}}}:{{{row % 60:D2}}}.{{{Next() % 1000:D3}}}Z","action":"{{{Word(50)}}}.{{{Word(6)}}}","outcome":"{{{(Next() % 20 == 0 ? "failure" : "success")}}}","actor":{"id":"u-{{{Next() % 20_000:D5}}}","type":"user"},"targets":[{"type":"{{{Word(40)}}}","id":"{{{Next():x16}}}","count":{{{Next() % 5_000}}}}],"service":{"name":"svc-{{{Next() % 40}}}"},"data":{"peer":"10.{{{Next() % 8}}}.{{{Next() % 256}}}.{{{Next() % 256}}}"},"request":{"route":"/{{{Word(40)}}}/{id}","status":{{{200 + (Next() % 300)}}},"duration_ms":{{{Next() % 3_000}}}},"trace":{"trace_id":"{{{Next():x16}}}{{{Next():x16}}}"},"message":"{{{Word(100_000)}}} {{{Word(3_000)}}} was {{{Word(200)}}} by {{{Word(20_000)}}} in {{{Word(500)}}}"}
            """)));

        ulong Next()
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            return state >> 8;
        }

        // The first words are taken more often, as in any language.
        string Word(uint vocabulary)
        {
            ulong number = Next() % vocabulary * (Next() % vocabulary) / vocabulary;
            var word = new StringBuilder("w");
            for (ulong rest = number + vocabulary; rest > 0; rest /= 20)
            {
                word.Append("bcdfghjklmnpqrstvwxz"[(int)(rest % 20)]).Append("aeiou"[(int)(rest % 5)]);
            }

            return word.ToString();
        }
    }

    /// <summary>A clinic's month: sessions, traces, numbered streams, and names and addresses that are sealed.</summary>
    private byte[][] Demonstration()
    {
        ReadOnlyMemory<byte>[] claims = [.. new DemoCompany(DemoCompany.DefaultSeed, DemoCompany.DefaultEnd, Rows + (Rows / 8)).Claims().Take(Rows)];
        return Make(row => claims[row].Span);
    }

    private byte[][] Make(Func<int, ReadOnlySpan<byte>> json)
    {
        byte[][] entries = new byte[Rows][];
        DateTimeOffset received = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
        for (int row = 0; row < Rows; row++)
        {
            var claim = Claim.Parse(json(row));
            entries[row] = EntryBuilder.Build(claim, new EntryContext
            {
                Origin = Origin,
                ReceivedAt = Instant.Format(received.AddTicks(row * 12_345L)),
                Ingest = new Ingest("api", "key:w_0123456789abcdef", "w_0123456789abcdef", 5, null),
                Salt = SHA256.HashData(BitConverter.GetBytes(row)).AsMemory(0, EntryBuilder.SaltSize),
                Keys = _key,
                PersonalFields = PersonalFields.Default,
            }).Bytes.ToArray();
        }

        return entries;
    }

    private void Measure(Results results, string name, byte[][] entries)
    {
        var identity = new ChunkIdentity(Origin, 0, Rows, new byte[32]);
        string path = Path.Combine(folder, "chunk.index");
        ChunkIndexBuilder builder = new(0);
        using var file = new MemoryStream(16 << 20);

        // Processor time of several: what else the machine does hardly changes it. The first are made before the code is compiled for good.
        TimeSpan fill = default;
        TimeSpan write = default;
        int made = -Warming;
        using var process = Process.GetCurrentProcess();
        for (long started = Stopwatch.GetTimestamp(); made < 4 || Stopwatch.GetElapsedTime(started) < plan.Duration; made++)
        {
            if (made == 0)
            {
                (fill, write) = (default, default);
            }

            builder = new ChunkIndexBuilder(0);
            var meter = new CpuMeter(process);
            foreach (byte[] entry in entries)
            {
                builder.Append(entry);
            }

            fill += meter.Cpu;
            file.SetLength(0);
            meter = new CpuMeter(process);
            builder.Write(file, identity);
            write += meter.Cpu;
        }

        double rows = (double)Rows * made;
        results.Add($"index, {name}: fill, processor time", "µs an event", fill.TotalMicroseconds / rows);
        results.Add($"index, {name}: write, processor time", "µs an event", write.TotalMicroseconds / rows);
        results.Add($"index, {name}: fill and write, on one processor", "events/s", rows / (fill + write).TotalSeconds);
        results.Add($"index, {name}: file", $"bytes an event ({entries.Average(entry => entry.Length):F0} as an entry)", (double)file.Length / Rows);
        results.Add($"index, {name}: in memory while it fills", "bytes an event", (double)builder.MemoryBytes / Rows);
        File.Delete(path);
        File.WriteAllBytes(path, file.ToArray());
        long opened = Stopwatch.GetTimestamp();
        using ChunkIndex index = IndexFile.Open(path, identity, null, default);
        results.Add($"index, {name}: open the file", "µs", Stopwatch.GetElapsedTime(opened).TotalMicroseconds);
        Ask(results, name, "file", index.Terms, entries);
        Ask(results, name, "memory", builder.Index(null).Terms, entries);
    }

    private void MeasurePersonal(Results results, string name, byte[][] entries)
    {
        byte[][] clear = [.. entries.Select(entry => Entry.Decrypt(entry, Origin, _ => _key.Key))];
        var builder = new PersonalIndexBuilder(0);
        TimeSpan fill = default;
        int made = -Warming;
        using var process = Process.GetCurrentProcess();
        for (long started = Stopwatch.GetTimestamp(); made < 4 || Stopwatch.GetElapsedTime(started) < plan.Duration; made++)
        {
            fill = made == 0 ? default : fill;
            builder = new PersonalIndexBuilder(0);
            var meter = new CpuMeter(process);
            for (int row = 0; row < Rows; row++)
            {
                builder.Append(entries[row], clear[row]);
            }

            fill += meter.Cpu;
        }

        using var file = new MemoryStream();
        builder.Write(file, new ChunkIdentity(Origin, 0, Rows, new byte[32]), new byte[32]);
        results.Add($"personal index, {name}: fill, processor time", "µs an event", fill.TotalMicroseconds / made / Rows);
        results.Add($"personal index, {name}: file", "bytes an event", (double)file.Length / Rows);
        results.Add($"personal index, {name}: in memory while it fills", "bytes an event", (double)builder.MemoryBytes / Rows);
    }

    private void Ask(Results results, string name, string home, ITermIndex index, byte[][] entries)
    {
        byte[][] actors = Values(entries, "\"actor\":{\"id\":\""u8);
        byte[][] ids = Values(entries, "\"id\":\""u8);
        FieldPath actor = new("actor", "id");
        FieldPath id = new("id");
        FieldPath status = new("request", "status");
        RowSet rows = RowSet.Rent();
        Time(results, $"index in {name}, {home}: count a term", i => index.CountEqual(actor, TermKind.String, actors[i]));
        Time(results, $"index in {name}, {home}: rows of a term", i => index.AddEqual(actor, TermKind.String, actors[i], rows));
        Time(results, $"index in {name}, {home}: a term that is not there", i => index.AddEqual(actor, TermKind.String, ids[i], rows));
        Time(results, $"index in {name}, {home}: rows of a hashed id", i => index.AddHashed(id, ids[i], rows));
        Time(results, $"index in {name}, {home}: rows of a word", _ => index.AddWord("success"u8, rows));
        Time(results, $"index in {name}, {home}: rows between two times", _ => index.Times(new FieldPath("time"))!.AddBetween(0, long.MaxValue / 2, rows));
        Time(results, $"index in {name}, {home}: visit all actors", _ => index.VisitTerms(actor, TermKind.String, [], (ReadOnlySpan<byte> _, in Postings list) => list.Count > 0));
        Time(results, $"index in {name}, {home}: numbers from 400 on", _ => index.VisitTerms(status, TermKind.Number, "400"u8, (ReadOnlySpan<byte> _, in Postings list) => list.Count > 0));
        rows.Return();
    }

    private static byte[][] Values(byte[][] entries, ReadOnlySpan<byte> before)
    {
        byte[][] values = new byte[Keys][];
        for (int i = 0; i < Keys; i++)
        {
            ReadOnlySpan<byte> entry = entries[i * (Rows / Keys)];
            ReadOnlySpan<byte> value = entry[(entry.LastIndexOf(before) + before.Length)..];
            values[i] = value[..value.IndexOf((byte)'"')].ToArray();
        }

        return values;
    }

    private void Time(Results results, string name, Action<int> ask)
    {
        TimeSpan time = TimeSpan.FromSeconds(Math.Min(0.2, plan.Duration.TotalSeconds));
        Run(ask, time);
        results.Add(name, "µs", Run(ask, time));
    }

    private static double Run(Action<int> ask, TimeSpan time)
    {
        long done = 0;
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; Stopwatch.GetElapsedTime(started) < time; i = (i + 16) % Keys)
        {
            for (int k = 0; k < 16; k++)
            {
                ask(i + k);
            }

            done += 16;
        }

        return Stopwatch.GetElapsedTime(started).TotalMicroseconds / done;
    }

    /// <summary>One key for all persons.</summary>
    private sealed class OneKey : IPersonalKeys, IDisposable
    {
        public PersonalKey Key { get; } = new(new byte[PersonalKey.Size]);

        public PersonalKey For(string subject) => Key;

        public void Dispose() => Key.Dispose();
    }
}
