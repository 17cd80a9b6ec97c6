using System.CommandLine;
using System.Globalization;
using Indelible.SearchBench;

const int Large = 2_000_000;
var events = new Option<int[]>("--events") { Description = "How many events; several numbers are measured in turn, and a table tells how each question grows", DefaultValueFactory = _ => [1_000_000], AllowMultipleArgumentsPerToken = true };
var rich = new Option<bool>("--rich") { Description = "Give every event a message, of a vocabulary with some 200,000 terms for each segment" };
var isSealed = new Option<bool>("--sealed") { Description = "Seal personal values, as a log does, and give ours an encrypted index of them; peers have them in clear" };
var rounds = new Option<int>("--rounds") { Description = "Rounds; each asks every engine everything", DefaultValueFactory = _ => 3 };
var asked = new Option<int>("--asked") { Description = "Different questions of each kind", DefaultValueFactory = _ => 100 };
var patience = new Option<double>("--patience") { Description = "Seconds that one kind of question may take of one engine in a round", DefaultValueFactory = _ => 5 };
var cold = new Option<int>("--cold") { Description = "How often the page cache is dropped for each kind of cold question; needs root", DefaultValueFactory = _ => 5 };
var engines = new Option<string[]>("--engines") { Description = $"Of {string.Join(", ", Comparison.Engines)}", DefaultValueFactory = _ => ["indelible", "sqlite", "duckdb", "postgres"], AllowMultipleArgumentsPerToken = true };
var kinds = new Option<QuestionKind[]>("--questions") { Description = $"Of {string.Join(", ", Enum.GetNames<QuestionKind>())}", DefaultValueFactory = _ => Enum.GetValues<QuestionKind>(), AllowMultipleArgumentsPerToken = true };
var indexesLast = new Option<bool>("--indexes-last") { Description = "Make PostgreSQL's indexes after the loading; so above two million events in any case" };
var oneByOne = new Option<bool>("--one-by-one") { Description = "Remove each engine's data before the next is loaded; so above two million events in any case" };
var command = new Option<string>("--indelible") { Description = "The built command `indelible`, for the engine http", DefaultValueFactory = _ => "indelible" };
var folder = new Option<string>("--folder") { Description = "Where temporary data goes; its disk is what is measured", DefaultValueFactory = _ => Path.GetTempPath() };
var output = new Option<string?>("--output") { Description = "A file that receives the tables as well" };
var root = new RootCommand("Compares the search with SQLite, DuckDB and PostgreSQL on the same events in one run, and prints markdown.") { events, rich, isSealed, rounds, asked, patience, cold, engines, kinds, indexesLast, oneByOne, command, folder, output };
root.SetAction(async (parsed, cancel) =>
{
    var done = new List<(int Events, Comparison Comparison)>();
    var reports = new SortedDictionary<int, string>();
    foreach (int count in parsed.GetValue(events)!)
    {
        var comparison = new Comparison(new ComparisonPlan(
            count,
            parsed.GetValue(rich),
            parsed.GetValue(isSealed),
            parsed.GetValue(rounds),
            parsed.GetValue(asked),
            TimeSpan.FromSeconds(parsed.GetValue(patience)),
            parsed.GetValue(cold),
            parsed.GetValue(engines)!,
            parsed.GetValue(kinds)!,
            parsed.GetValue(indexesLast) || count > Large,
            parsed.GetValue(oneByOne) || count > Large,
            Path.GetFullPath(parsed.GetValue(command)!),
            Path.Combine(parsed.GetValue(folder)!, string.Create(CultureInfo.InvariantCulture, $"indelible-search-{Environment.ProcessId}-{count}"))));
        done.Add((count, comparison));
        await comparison.RunAsync(
            async report =>
            {
                reports[count] = report;
                if (parsed.GetValue(output) is { } path)
                {
                    await File.WriteAllTextAsync(path, All(), cancel);
                }
            },
            cancel);
    }

    Console.WriteLine(All());
    return done.Sum(one => one.Comparison.Differed) == 0 ? 0 : 1;

    string All() => $"{string.Join('\n', reports.Values)}\n{Growth.Markdown(done)}";
});
return await root.Parse(args).InvokeAsync();
