using System.Diagnostics;
using System.Globalization;
using System.Text;
using Indelible.Benchmarks;

namespace Indelible.SearchBench;

/// <summary>Loads the same events into every engine and asks all of them the same questions, in one run.</summary>
/// <remarks>
/// In every round, engines are opened, asked and closed one after the other: each has the memory of the machine for itself, and first answers every
/// question once without being timed. Where they would not fit beside each other, one is loaded, asked in all rounds and removed before the next.
/// </remarks>
internal sealed class Comparison(ComparisonPlan plan)
{
    /// <summary>The engines, by the names of the command line.</summary>
    public static readonly string[] Engines = ["indelible", "sqlite", "duckdb", "postgres", "http"];

    /// <summary>The tables of timings: what they are called here, in a line of the table of growth (empty where they are left out there), and above the table.</summary>
    public static readonly (string Name, string Short, string Says)[] Tables =
    [
        (nameof(Detail.Find), "found", "Found and counted: the numbers of the newest 50, and how many there are in all"),
        (nameof(Detail.Read), "read", "Read and counted: the newest 50 events themselves, and how many there are in all"),
        (nameof(Detail.Page), "", "The newest 50 events themselves; ours, which always counts, as above"),
        (Counts, "counted", "Counts, warm"),
        (FirstCounts, "counted first", "Counts, the first since the engine was opened, files in the page cache"),
        (FirstReads, "read first", "Read and counted, the first question since the engine was opened, files in the page cache"),
        (ColdOpen, "cold", "Cold disk: opening everything, page cache dropped"),
        (Cold, "cold", "Cold disk: the first question after that"),
    ];

    private static readonly TimeSpan s_warming = TimeSpan.FromSeconds(1);

    private const string Counts = "Counts";
    private const string FirstCounts = "FirstCounts";
    private const string FirstReads = "FirstReads";
    private const string Cold = "Cold";
    private const string ColdOpen = "ColdOpen";
    private readonly List<string> _loads = [];
    private readonly List<string> _notes = [];
    private readonly AnswerBook _book = new();

    /// <summary>What was measured.</summary>
    public Timings Timings { get; } = new();

    /// <summary>How many answers differ between engines.</summary>
    public int Differed => _book.Differed;

    /// <summary>Runs the plan.</summary>
    /// <param name="report">Receives tables and remarks, as markdown, whenever there is more of them: a long run that is broken off leaves what it measured.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Func<string, Task> report, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(plan.Folder);
        try
        {
            using Subjects? subjects = plan.IsSealed ? new Subjects() : null;
            var corpus = new Corpus(plan.Events, plan.IsRich, subjects);
            long started = Stopwatch.GetTimestamp();
            using EntryFolder entries = EntryFolder.Write(Path.Combine(plan.Folder, "entries"), corpus.Entries(), subjects);
            _notes.Add(string.Create(CultureInfo.InvariantCulture, $"{entries.Count:N0} events of {(double)entries.EntryBytes / entries.Count:F0} bytes as entries, of {corpus.Companies} companies in 30 days, made and sealed into segments in {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s."));
            entries.Open();
            var maker = new QuestionMaker(entries, corpus);
            Dictionary<QuestionKind, IReadOnlyList<Question>> questions = plan.Kinds.ToDictionary(kind => kind, kind => maker.Make(kind, plan.Asked));
            entries.Close();
            foreach (string[] group in plan.IsOneByOne ? plan.Engines.Select(name => (string[])[name]) : [[.. plan.Engines]])
            {
                await CompareAsync(group, entries, questions, cancellationToken);
                await report(Report());
            }
        }
        finally
        {
            Directory.Delete(plan.Folder, recursive: true);
        }
    }

    /// <summary>Loads and asks some engines in turn, and removes what they took of the disk.</summary>
    private async Task CompareAsync(string[] names, EntryFolder entries, Dictionary<QuestionKind, IReadOnlyList<Question>> questions, CancellationToken cancellationToken)
    {
        var engines = new List<ISearchEngine>();
        try
        {
            foreach (string name in names)
            {
                if (await OpenAsync(name, entries, cancellationToken) is { } engine)
                {
                    engines.Add(engine);
                    await LoadAsync(engine, entries, cancellationToken);
                }
            }

            for (int round = 0; round < plan.Rounds; round++)
            {
                foreach (ISearchEngine engine in engines)
                {
                    Say($"round {round + 1} of {plan.Rounds}: {engine.Name}");
                    await engine.OpenAsync(cancellationToken);
                    await AskAsync(engine, questions, cancellationToken);
                    await CountAsync(engine, cancellationToken);
                    await engine.CloseAsync();
                }
            }

            await AskFirstAsync(engines, questions, cancellationToken);
        }
        finally
        {
            foreach (ISearchEngine engine in engines)
            {
                await engine.DisposeAsync();
            }

            foreach (string folder in names.Select(FolderOf).Where(Directory.Exists))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private string FolderOf(string engine) => Path.Combine(plan.Folder, engine);

    private static void Say(string text) => Console.Error.WriteLine(text);

    private async Task<ISearchEngine?> OpenAsync(string name, EntryFolder entries, CancellationToken cancellationToken)
    {
        string folder = FolderOf(name);
        switch (name)
        {
            case "indelible":
                return new IndelibleEngine(folder, entries);
            case "sqlite":
                return new SqliteEngine(folder);
            case "http":
                return await HttpEngine.StartAsync(plan.Command, folder, cancellationToken);
            case "duckdb":
                if (DuckDbEngine.WhyNot() is { } reason)
                {
                    _notes.Add($"DuckDB was not measured: {reason}.");
                    return null;
                }

                return new DuckDbEngine(folder);
            case "postgres":
                (PostgresServer? server, string why) = await PostgresServer.CreateAsync(folder, PostgresEngine.Settings, cancellationToken);
                if (server is null)
                {
                    _notes.Add($"PostgreSQL was not measured: {why}.");
                    return null;
                }

                return new PostgresEngine(server, plan.IndexesLast);
            default:
                throw new ArgumentException($"There is no engine {name}; they are {string.Join(", ", Engines)}.");
        }
    }

    private async Task LoadAsync(ISearchEngine engine, EntryFolder entries, CancellationToken cancellationToken)
    {
        Say($"loading {engine.Name}");
        TimeSpan time = TimeSpan.Zero;
        TimeSpan processor = TimeSpan.Zero;
        await engine.OpenAsync(cancellationToken);
        foreach (EntryChunk chunk in entries.Chunks())
        {
            TimeSpan used = Environment.CpuUsage.TotalTime;
            long added = Stopwatch.GetTimestamp();
            await engine.AddAsync(chunk, cancellationToken);
            time += Stopwatch.GetElapsedTime(added);
            processor += Environment.CpuUsage.TotalTime - used;
        }

        TimeSpan finishing = Environment.CpuUsage.TotalTime;
        long started = Stopwatch.GetTimestamp();
        (long bytes, string remark) = await engine.FinishAsync(cancellationToken);
        time += Stopwatch.GetElapsedTime(started);
        processor += Environment.CpuUsage.TotalTime - finishing;
        await engine.CloseAsync();
        string line = string.Create(CultureInfo.InvariantCulture, $"| {engine.Name} | {entries.Count / time.TotalSeconds:N0} | {processor.TotalMicroseconds / entries.Count:F1} | {(double)bytes / entries.Count:F0} | {remark} |");
        Say(line);
        _loads.Add(line);
    }

    private async Task AskAsync(ISearchEngine engine, Dictionary<QuestionKind, IReadOnlyList<Question>> questions, CancellationToken cancellationToken)
    {
        foreach ((QuestionKind kind, IReadOnlyList<Question> asked) in questions)
        {
            foreach (Detail detail in engine.Details)
            {
                engine.Begin(detail, isTimed: false);
                int warmed = 0;
                for (long started = Stopwatch.GetTimestamp(); warmed < asked.Count && (warmed == 0 || Stopwatch.GetElapsedTime(started) < plan.Patience); warmed++)
                {
                    _book.Check(engine.Name, asked[warmed], await engine.AskAsync(asked[warmed], detail, cancellationToken));
                }

                await WarmAsync(i => engine.AskAsync(asked[i % warmed], detail, cancellationToken));

                engine.Begin(detail, isTimed: true);
                for (int i = 0; i < warmed; i++)
                {
                    long started = Stopwatch.GetTimestamp();
                    await engine.AskAsync(asked[i], detail, cancellationToken);
                    TimeSpan time = Stopwatch.GetElapsedTime(started);
                    Timings.Add(detail.ToString(), Question.NameOf(kind), engine.Name, time);
                    if (detail == Detail.Read && !engine.Details.Contains(Detail.Page))
                    {
                        Timings.Add(nameof(Detail.Page), Question.NameOf(kind), engine.Name, time);
                    }
                }
            }
        }
    }

    private async Task CountAsync(ISearchEngine engine, CancellationToken cancellationToken)
    {
        foreach (CountKind kind in Enum.GetValues<CountKind>())
        {
            IReadOnlyList<CountQuestion> asked = QuestionMaker.MakeCounts(kind, plan.Asked);
            long started = Stopwatch.GetTimestamp();
            CountAnswer first = await engine.CountAsync(asked[0], cancellationToken);
            Timings.Add(FirstCounts, CountQuestion.NameOf(kind), engine.Name, Stopwatch.GetElapsedTime(started));
            _book.Check(engine.Name, asked[0], first);
            await WarmAsync(i => engine.CountAsync(asked[i % asked.Count], cancellationToken));
            started = Stopwatch.GetTimestamp();
            for (int i = 0; i < asked.Count && (i == 0 || Stopwatch.GetElapsedTime(started) < plan.Patience); i++)
            {
                long one = Stopwatch.GetTimestamp();
                CountAnswer answer = await engine.CountAsync(asked[i], cancellationToken);
                Timings.Add(Counts, CountQuestion.NameOf(kind), engine.Name, Stopwatch.GetElapsedTime(one));
                _book.Check(engine.Name, asked[i], answer);
            }
        }
    }

    /// <summary>Asks for a second without timing it: in any server that has run for a minute, what answers is compiled for good.</summary>
    private static async Task WarmAsync(Func<int, Task> ask)
    {
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; Stopwatch.GetElapsedTime(started) < s_warming; i++)
        {
            await ask(i);
        }
    }

    /// <summary>Asks single questions of engines that were just opened: with their files in the page cache, and without.</summary>
    private async Task AskFirstAsync(IReadOnlyList<ISearchEngine> engines, Dictionary<QuestionKind, IReadOnlyList<Question>> questions, CancellationToken cancellationToken)
    {
        if (plan.Cold > 0 && !PageCache.CanDrop)
        {
            _notes.Add("Nothing was measured cold: only root can drop the page cache.");
        }

        foreach (ISearchEngine engine in engines)
        {
            Say($"first: {engine.Name}");
            foreach (QuestionKind kind in (QuestionKind[])[QuestionKind.Id, QuestionKind.ActorDay, QuestionKind.RareWord])
            {
                for (int i = 0; i < plan.Cold && questions.ContainsKey(kind); i++)
                {
                    await AskFirstAsync(engine, questions[kind][i], kind, isCold: false, cancellationToken);
                }

                for (int i = 0; i < plan.Cold && questions.ContainsKey(kind) && PageCache.CanDrop; i++)
                {
                    await AskFirstAsync(engine, questions[kind][i], kind, isCold: true, cancellationToken);
                }
            }
        }
    }

    private async Task AskFirstAsync(ISearchEngine engine, Question question, QuestionKind kind, bool isCold, CancellationToken cancellationToken)
    {
        if (isCold)
        {
            PageCache.Drop();
        }

        long started = Stopwatch.GetTimestamp();
        await engine.OpenAsync(cancellationToken);
        if (isCold)
        {
            Timings.Add(ColdOpen, "open", engine.Name, Stopwatch.GetElapsedTime(started));
        }

        engine.Begin(Detail.Read, isTimed: true);
        started = Stopwatch.GetTimestamp();
        await engine.AskAsync(question, Detail.Read, cancellationToken);
        Timings.Add(isCold ? Cold : FirstReads, Question.NameOf(kind), engine.Name, Stopwatch.GetElapsedTime(started));
        await engine.CloseAsync();
    }

    private string Report()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"## {plan.Events:N0} events{(plan.IsRich ? ", rich vocabulary" : "")}{(plan.IsSealed ? ", personal values sealed" : "")}\n\n");
        text.Append("| | events/s loaded | µs of this process's processors, an event | bytes an event on disk | |\n|---|---:|---:|---:|---|\n").AppendJoin('\n', _loads).Append("\n\n");
        text.Append("Milliseconds: **median** / 99th percentile; in brackets how many were asked where they are fewer than 100.\n\n");
        foreach ((string name, _, string says) in Tables)
        {
            string table = Timings.Markdown(name);
            if (table.Count(c => c == '\n') > 2)
            {
                text.Append(CultureInfo.InvariantCulture, $"### {says}\n\n{table}\n");
            }
        }

        string[] remarks =
        [
            .. _notes,
            string.Create(CultureInfo.InvariantCulture, $"{_book.Agreed:N0} answers were the same as another engine's, {_book.Differed:N0} were not."),
            .. _book.Differences.Select(difference => $"Differs: {difference}."),
            .. _book.Inexact.Order(StringComparer.Ordinal).Select(inexact => $"{inexact}."),
            $"{plan.Rounds} rounds{(plan.IsOneByOne ? " of one engine, then of the next" : ", in each all engines in turn")}; {Environment.ProcessorCount} processors.",
        ];
        return text.Append("### Remarks\n\n").AppendJoin('\n', remarks.Select(remark => $"- {remark}")).Append('\n').ToString();
    }
}
