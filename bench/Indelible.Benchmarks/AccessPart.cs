using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Indelible.Cli.Bench;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Search;
using Indelible.Server;
using Indelible.Server.Access;
using Indelible.Server.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Indelible.Benchmarks;

/// <summary>What it costs to ask whether somebody may, and to enter that he did; and whether the time tells a log that there is from one that there is not.</summary>
internal sealed class AccessPart : IMeasuredPart
{
    private const int Keys = 10_000;
    private const int Grants = 1_000;
    private const int Entries = 20_000;
    private const int Looks = 20_000;
    private const string There = "other.there";
    private const string NotThere = "other.thera";

    private static readonly AppendCaller s_system = new("indelible", "", 0, "bench", null);
    private static readonly ScanSearch s_search = new();

    private readonly SuitePlan _plan;
    private readonly LogEngine _engine;
    private long _next;   // the entry that was viewed last, by steps that no bundle divides
    private readonly IServiceProvider _services;
    private readonly WebApplication _app;
    private readonly HttpClient _http;
    private readonly string[] _keys;
    private readonly (ApiKey Key, string Text) _rich;
    private readonly AppendCaller _writer;
    private readonly Process _process = Process.GetCurrentProcess();
    private ulong _run;

    private AccessPart(SuitePlan plan, LogEngine engine, WebApplication app, string[] keys, (ApiKey Key, string Text) rich, AppendCaller writer)
    {
        _plan = plan;
        _engine = engine;
        _app = app;
        _keys = keys;
        _rich = rich;
        _writer = writer;
        _services = app.Services;
        _http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", keys[0]);
    }

    /// <summary>Makes a node of many keys and grants, and a log of some entries, and serves it.</summary>
    public static async Task<AccessPart> OpenAsync(SuitePlan plan, string folder, CancellationToken cancellationToken)
    {
        LogEngine engine = await Workload.OpenAsync(await Workload.InitialiseAsync(folder));
        Administration access = engine.Administration;
        await engine.CreateLogAsync(There, false, [], s_system, cancellationToken);
        await access.CreatePrincipalAsync("rich", PrincipalKind.Service, s_system, cancellationToken);
        for (int i = 0; i < Grants; i++)
        {
            await access.GrantAsync(
                new NewGrant("rich", Role.Reader, [i == 0 ? "main" : string.Create(CultureInfo.InvariantCulture, $"tenant-{i}.*")]) { Rows = i == 0 ? null : "outcome:success" }, s_system, cancellationToken);
        }

        string[] keys = new string[Keys];
        for (int i = 0; i < Keys; i++)
        {
            (_, keys[i]) = await access.CreateKeyAsync(new NewKey(KeyKind.Reader, ["main"]), s_system, cancellationToken);
        }

        (ApiKey Key, string Text) rich = await access.CreateKeyAsync(new NewKey(KeyKind.Reader, []) { Principal = "rich" }, s_system, cancellationToken);
        AppendCaller writer = await Workload.WriterAsync(engine);
        BenchEvents events = Workload.Events(ulong.MaxValue);
        for (int i = 0; i < Entries; i += 1_000)
        {
            await Workload.AppendAsync(engine, writer, events, i, 1_000);
        }

        ServerOptions options = ServerOptions.Read(null, new Dictionary<string, string?> { ["urls"] = "http://127.0.0.1:0", ["log_level"] = "None" }, out _);
        WebApplication app = IndelibleServer.Build(engine, options);
        await app.StartAsync(cancellationToken);
        return new AccessPart(plan, engine, app, keys, rich, writer);
    }

    /// <inheritdoc/>
    public async Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        Time(results, "Authentication and authorisation, 10,000 keys, each known", Looks, i => Require(_keys[i % Keys], "main"));
        Time(results, "Authentication and authorisation, a principal of 1,000 grants", Looks, _ => Require(_rich.Text, "main"));
        Time(results, "The sequencer's own question, 10,000 keys", Looks, _ => Ask(_writer.KeyId, _writer.Principal));
        Time(results, "The first question of a principal of 1,000 grants after a change", 200, _ => new Authorities(_engine.System).Of(_rich.Key.Id, "rich", _engine.Time.GetUtcNow())!.On("main", _engine.Time.GetUtcNow()));
        TellApart(results, "Turned away in process", log => Refused(_keys[0], log));
        await TellApartAsync(results, cancellationToken);
        await NotesAsync(results);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _engine.DisposeAsync();
        _process.Dispose();
    }

    private void Time(Results results, string name, int times, Action<int> step)
    {
        for (int i = 0; i < times; i++)
        {
            step(i);
        }

        double[] each = new double[times];
        var meter = new CpuMeter(_process);
        for (int i = 0; i < times; i++)
        {
            long started = Stopwatch.GetTimestamp();
            step(i);
            each[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }

        double cpu = meter.Cpu.TotalMicroseconds / times;
        Array.Sort(each);
        results.Add(name + ", median", "µs", each[times / 2]);
        results.Add(name + ", p99", "µs", each[times * 99 / 100]);
        results.Add(name + ", processor time of all threads", "µs each", cpu);
    }

    private Admission Require(string key, string log)
    {
        var context = new DefaultHttpContext { RequestServices = _services };
        context.Request.Headers.Authorization = "Bearer " + key;
        return AccessControl.Require(context, _engine, log, Rights.Read);
    }

    private void Refused(string key, string log)
    {
        try
        {
            Require(key, log);
        }
        catch (ProblemException)
        {
            // What is measured.
        }
    }

    private void Ask(string credential, string principal)
    {
        DateTimeOffset now = _engine.Time.GetUtcNow();
        if (_engine.Authorities.Of(credential, principal, now)?.On("main", now).Rights.HasFlag(Rights.Append) != true)
        {
            throw new InvalidOperationException("The writer may not append.");
        }
    }

    private static void TellApart(Results results, string name, Action<string> look)
    {
        double[] there = new double[Looks];
        double[] not = new double[Looks];
        for (int i = -1_000; i < Looks; i++)
        {
            foreach ((string log, double[] times) in i % 2 == 0 ? new[] { (There, there), (NotThere, not) } : [(NotThere, not), (There, there)])
            {
                long started = Stopwatch.GetTimestamp();
                look(log);
                if (i >= 0)
                {
                    times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
                }
            }
        }

        AddPair(results, name, there, not);
    }

    private async Task TellApartAsync(Results results, CancellationToken cancellationToken)
    {
        double[] there = new double[Looks / 2];
        double[] not = new double[Looks / 2];
        for (int i = -500; i < there.Length; i++)
        {
            foreach ((string log, double[] times) in i % 2 == 0 ? new[] { (There, there), (NotThere, not) } : [(NotThere, not), (There, there)])
            {
                long started = Stopwatch.GetTimestamp();
                using HttpResponseMessage answer = await _http.GetAsync($"api/logs/{log}/events", cancellationToken);
                if (i >= 0)
                {
                    times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
                }
            }
        }

        AddPair(results, "Turned away over HTTP", there, not);
    }

    private static void AddPair(Results results, string name, double[] there, double[] not)
    {
        Array.Sort(there);
        Array.Sort(not);
        foreach ((string which, int permille) in new[] { ("median", 500), ("p10", 100), ("p90", 900) })
        {
            double one = there[there.Length * permille / 1_000];
            double other = not[not.Length * permille / 1_000];
            results.Add($"{name}, a log that there is, {which}", "µs", one);
            results.Add($"{name}, one that there is not, {which}", "µs", other);
            results.Add($"{name}, {which}: there ÷ not", "", one / other);
        }
    }

    /// <summary>What a door answers, with and without entering it; and what appends get meanwhile.</summary>
    private async Task NotesAsync(Results results)
    {
        Caller caller = Require(_rich.Text, "main").Caller;
        Query query = Query.TryParse("outcome:failure \"no such words\"", DateTimeOffset.UnixEpoch, out Query? parsed, out _) ? parsed : throw new InvalidOperationException("The query does not parse.");
        var request = new SearchRequest(query, null, SearchOrder.NewestFirst, 50, null, Entries);
        LogReader log = _engine.Find("main")!;
        var sights = Require(_rich.Text, "main").Access.SightsFor(Rights.Read);

        await RateAsync("Entries of _access alone, 16 at a time", 16, _ => NoteViewAsync());
        foreach (bool notes in new[] { false, true })
        {
            string how = notes ? ", entered" : ", not entered";
            await RateAsync($"Searches of {Entries:N0} entries, 2 at a time{how}", 2, _ => SearchAsync(notes));
            await RateAsync($"Views of one entry, 16 at a time{how}", 16, _ => ViewAsync(notes));
            using var ending = new CancellationTokenSource();
            Task searching = Task.Run(async () =>
            {
                while (!ending.IsCancellationRequested)
                {
                    await SearchAsync(notes);
                }
            });
            BenchEvents events = Workload.Events(_run++);
            long number = 0;
            await RateAsync($"Single events, 16 appenders, while one searches{how}", 16, async _ => await Workload.AppendAsync(_engine, _writer, events, Interlocked.Increment(ref number) - 1, 1));
            await ending.CancelAsync();
            await searching;
        }

        async Task RateAsync(string name, int tasks, Func<int, Task> step)
        {
            var meter = new CpuMeter(_process);
            long done = 0;
            double rate = await Workload.RateAsync(tasks, _plan.Duration, async i =>
            {
                await step(i);
                Interlocked.Increment(ref done);
                return 1;
            });
            results.Add(name, "/s", rate);
            results.Add(name + ", processor time", "µs each", meter.Cpu.TotalMicroseconds / done);
        }

        async Task SearchAsync(bool isEntered)
        {
            SearchPage page = await s_search.SearchAsync(new VisibleEntries(log, sights), request, CancellationToken.None);
            if (isEntered)
            {
                await AccessTrail.SearchedAsync(_engine, caller, log, request, page);
            }
        }

        async Task ViewAsync(bool isEntered)
        {
            ReadOnlyMemory<byte> entry = log.ReadEntry(Interlocked.Add(ref _next, 7_919) % Entries);
            if (new VisibleEntries(log, sights).PersonalOf(entry) is not null && isEntered)
            {
                await NoteViewAsync();
            }
        }

        Task NoteViewAsync() => AccessTrail.ViewedAsync(_engine, caller, log, 5, isClear: false);
    }
}
